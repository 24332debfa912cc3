import type { Column, ColumnPlace, ColumnType } from '../../contract/schema.ts';
import type { Queryable } from '../database.ts';
import { quoteTable } from '../identifiers.ts';
import type { SourceRow } from '../sources.ts';

/** A column as recorded: also of properties that are gone from the platform. */
export interface RecordedColumn {
  readonly field_id: string;
  readonly field_name: string;
  readonly column_name: string;
  readonly column_type: ColumnType;
  readonly place: ColumnPlace;
  readonly dropped: boolean;
}

/** A column as it stands in the table. `type` is as Postgres writes it, save that `timestamptz` is short. */
export interface PresentColumn {
  readonly name: string;
  readonly type: string;
  readonly comment: string | null;
}

/** What stands under a table's name: nothing (null), or a relation of some kind. */
export interface TableState {
  /** pg_class.relkind: `r` is an ordinary table. */
  readonly kind: string;
  readonly owner: string;
  /** Whether this role may change it: its owner, a member of it, or a superuser. */
  readonly owned: boolean;
  /** Whether `_id` alone is unique, so that rows can be found by it. */
  readonly keyed: boolean;
  readonly has_primary_key: boolean;
  /** Column numbers that are used up: Postgres counts dropped columns, too. */
  readonly attributes: number;
  readonly columns: ReadonlyMap<string, PresentColumn>;
}

type Table = Pick<SourceRow, 'table_schema' | 'table_name'>;

export async function readTableState(tx: Queryable, source: Table): Promise<TableState | null> {
  return (await readTableStates(tx, [source]))[0] ?? null;
}

/** What stands under the names of many tables, in their order, by two statements. */
export async function readTableStates(
  tx: Queryable,
  tables: readonly Table[],
): Promise<readonly (TableState | null)[]> {
  const names = tables.map((table) => quoteTable(table));
  const { rows } = await tx.query<Omit<TableState, 'columns'> & { place: number }>(
    `select named.place::integer as place, c.relkind as kind, c.relowner::regrole::text as owner,
            pg_has_role(c.relowner, 'USAGE') as owned,
            exists (
              select from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
               where i.indrelid = c.oid and a.attname = '_id' and i.indnkeyatts = 1 and i.indisunique
                 and i.indimmediate and i.indisvalid and i.indpred is null
            ) as keyed,
            exists (select from pg_constraint where conrelid = c.oid and contype = 'p') as has_primary_key,
            (select coalesce(max(attnum), 0)::integer from pg_attribute where attrelid = c.oid) as attributes
       from unnest($1::text[]) with ordinality as named(name, place)
       join pg_class c on c.oid = to_regclass(named.name)`,
    [names],
  );
  if (rows.length === 0) return tables.map(() => null);
  const { rows: columns } = await tx.query<{
    place: number;
    names: string[];
    types: string[];
    comments: (string | null)[];
  }>(
    `select named.place::integer as place, json_agg(attname) as names,
            json_agg(d.description) as comments,
            json_agg(replace(format_type(atttypid, atttypmod), 'timestamp with time zone', 'timestamptz'))
              as types
       from unnest($1::text[]) with ordinality as named(name, place)
       join pg_attribute on attrelid = to_regclass(named.name) and attnum > 0 and not attisdropped
       left join pg_description d
         on d.classoid = 'pg_class'::regclass and d.objoid = attrelid and d.objsubid = attnum
      group by named.place`,
    [names],
  );
  const columnsAt = new Map(columns.map((row) => [row.place, presentColumns(row)]));
  const states = new Map(
    rows.map(({ place, ...state }) => [
      place,
      { ...state, columns: columnsAt.get(place) ?? new Map() },
    ]),
  );
  return tables.map((_, index) => states.get(index + 1) ?? null);
}

const presentColumns = ({
  names,
  types,
  comments,
}: {
  readonly names: readonly string[];
  readonly types: readonly string[];
  readonly comments: readonly (string | null)[];
}): ReadonlyMap<string, PresentColumn> =>
  new Map(
    names.map((name, i) => [name, { name, type: types[i] ?? '', comment: comments[i] ?? null }]),
  );

export async function readRecorded(
  tx: Queryable,
  sourceId: number,
): Promise<readonly RecordedColumn[]> {
  const { rows } = await tx.query<RecordedColumn>(
    `select field_id, field_name, column_name, column_type, place, dropped_at is not null as dropped
       from appsync.source_column where source_id = $1`,
    [sourceId],
  );
  return rows;
}

/** Names of the columns that the source's table lacks; null when there is no table. */
export async function missingColumns(
  db: Queryable,
  source: SourceRow,
  columns: readonly Column[],
): Promise<readonly string[] | null> {
  const state = await readTableState(db, source);
  if (state === null) return null;
  const placed = columns.filter(({ place }) => place !== 'more');
  return placed.map(({ column }) => column).filter((column) => !state.columns.has(column));
}
