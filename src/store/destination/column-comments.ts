import type { Column, SourceField } from '../../contract/schema.ts';
import type { Queryable } from '../database.ts';
import { quoteTable } from '../identifiers.ts';
import type { SourceRow } from '../sources.ts';
import type { RecordedColumn, TableState } from './table-state.ts';

/** Ends every comment of ours: whose column it is, also when all of appsync's own tables are lost. */
const OURS = /\[appsync (.*)\]$/s;

/**
 * Comments the columns of a table: the property's name and type on the platform, and for one that is gone since
 * when. Comments of the user's are left alone. Only what differs is written: usually nothing, without any lock.
 */
export async function commentColumns(
  tx: Queryable,
  source: SourceRow,
  state: TableState,
): Promise<void> {
  const stale = staleComments(await readNoted(tx, source), state);
  if (stale.length === 0) return;
  // Comments take no parameters: Postgres itself quotes them.
  const { rows: statements } = await tx.query<{ sql: string }>(
    `select string_agg(format('comment on column %s.%I is %L', $1::text, c.name, c.text), ';') as sql
       from unnest($2::text[], $3::text[]) as c(name, text)`,
    [
      quoteTable(source),
      stale.map(({ column_name }) => column_name),
      stale.map(({ comment }) => comment),
    ],
  );
  await tx.query(statements[0]?.sql ?? '');
}

/** A column as it is recorded, and what its comment should be. */
export interface NotedColumn extends RecordedColumn {
  readonly field_type: string;
  readonly comment: string;
}

/** All columns that are recorded, in their order. */
export async function readNoted(tx: Queryable, source: SourceRow): Promise<readonly NotedColumn[]> {
  const { rows } = await tx.query<NotedColumn>(
    `select field_id, field_name, field_type, column_name, column_type, place,
            dropped_at is not null as dropped,
            format('%s (%s %s)%s [appsync %s]', field_name, $2::text, field_type,
                   '; gone from the platform since ' || to_char(dropped_at at time zone 'UTC', 'YYYY-MM-DD'),
                   field_id) as comment
       from appsync.source_column where source_id = $1 order by position`,
    [source.id, source.platform],
  );
  return rows;
}

const staleComments = (noted: readonly NotedColumn[], state: TableState) =>
  noted.filter(({ place, column_name, comment }) => {
    const present = place === 'column' ? state.columns.get(column_name) : undefined;
    if (present === undefined || present.comment === comment) return false;
    return present.comment === null || OURS.test(present.comment);
  });

/** Whether the columns are noted, in this order, and all comments are as they should be. */
export function areNoted(
  columns: readonly Column[],
  noted: readonly NotedColumn[],
  state: TableState,
): boolean {
  const used = noted.filter(({ dropped }) => !dropped);
  return (
    used.length === columns.length &&
    used.every((column, i) => isSame(column, columns[i] as Column)) &&
    staleComments(noted, state).length === 0
  );
}

const isSame = (noted: NotedColumn, column: Column) =>
  noted.field_id === column.id &&
  noted.field_name === recordedName(column) &&
  noted.field_type === column.type &&
  noted.column_name === column.column &&
  noted.column_type === column.column_type &&
  noted.place === placeOf(column);

/** What Postgres can keep of a name. */
const recordedName = ({ name }: Column) => name.replaceAll('\0', '').toWellFormed();
const placeOf = ({ place }: Column) => place ?? 'column';

/**
 * Columns that no record of ours knows but whose comment names a property: the table outlived the source's entry
 * in the catalog. They are taken as that property's.
 */
export function adoptColumns(
  fields: readonly SourceField[],
  recorded: readonly RecordedColumn[],
  state: TableState,
): readonly RecordedColumn[] {
  const known = new Set(recorded.map((column) => column.field_id));
  const names = new Set(recorded.map((column) => column.column_name));
  const orphans = new Map<string, string>();
  for (const { name, comment } of state.columns.values()) {
    if (names.has(name)) continue;
    const id = OURS.exec(comment ?? '')?.[1];
    if (id !== undefined) orphans.set(id, name);
  }
  return fields.flatMap((field) => {
    const name = known.has(field.id) ? undefined : orphans.get(field.id);
    if (name === undefined) return [];
    return [
      {
        field_id: field.id,
        field_name: field.name,
        column_name: name,
        column_type: field.column_type,
        place: 'column',
        dropped: false,
      },
    ];
  });
}

/** Makes the recorded columns those given, and marks the others as gone. */
export async function recordColumns(
  tx: Queryable,
  sourceId: number,
  columns: readonly Column[],
): Promise<void> {
  const ids = columns.map((column) => column.id);
  await tx.query(
    `update appsync.source_column set dropped_at = coalesce(dropped_at, now())
      where source_id = $1 and field_id <> all($2::text[])`,
    [sourceId, ids],
  );
  // Names are freed first: the unique constraint is checked row by row.
  await tx.query(
    `update appsync.source_column set column_name = column_name || '~' || field_id
      where source_id = $1 and field_id = any($2::text[])`,
    [sourceId, ids],
  );
  await tx.query(
    `insert into appsync.source_column
       (source_id, field_id, field_name, field_type, column_name, column_type, place, position)
     select $1, f.id, f.name, f.type, f.column_name, f.column_type, f.place, f.position
       from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
            with ordinality as f(id, name, type, column_name, column_type, place, position)
     on conflict (source_id, field_id) do update
        set field_name = excluded.field_name, field_type = excluded.field_type,
            column_name = excluded.column_name, column_type = excluded.column_type,
            place = excluded.place, position = excluded.position, dropped_at = null`,
    [
      sourceId,
      ids,
      columns.map(recordedName),
      columns.map((column) => column.type),
      columns.map((column) => column.column),
      columns.map((column) => column.column_type),
      columns.map(placeOf),
    ],
  );
}
