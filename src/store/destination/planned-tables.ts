import type { SchemaChange } from '../../contract/schema-change.ts';
import type { ColumnPlace, ColumnType, SourceField } from '../../contract/schema.ts';
import { readTogether, type Queryable } from '../database.ts';
import type { SourceRow } from '../sources.ts';
import { schemaFingerprint } from './schema-fingerprint.ts';
import { changesOf, creation, lacksValues, planTable } from './table-plan.ts';
import { readTableStates, type RecordedColumn, type TableState } from './table-state.ts';

/** What a sync would do to a table, by the comparison that it goes by itself. */
export interface PlannedFit {
  readonly changes: readonly SchemaChange[];
  readonly needs_full_scan: boolean;
  /** Of the schema that was compared; null: no schema is known. */
  readonly fingerprint: string | null;
}

/** The tables of many sources as they stand, read by three statements. */
export interface StandingTables {
  /** `fields` null: those that were read last. Throws Misconfigured for a table that cannot be changed. */
  fit(source: SourceRow, fields: readonly SourceField[] | null): PlannedFit;
}

/** Reads the tables of these sources and what is recorded of them. */
export async function readStandingTables(
  db: Queryable,
  sources: readonly SourceRow[],
): Promise<StandingTables> {
  const [states, recorded] = await readTogether(db, [
    () => readTableStates(db, sources),
    () => readRecordedOf(db, sources),
  ]);
  const stateOf = new Map(sources.map((source, index) => [source.id, states[index] ?? null]));
  return {
    fit: (source, fields) => {
      const known = recorded.get(source.id) ?? { columns: [], has_more: false };
      const wanted = fields ?? known.columns.filter(({ dropped }) => !dropped).map(fieldOf);
      return fitOf(source, wanted, stateOf.get(source.id) ?? null, known);
    },
  };
}

interface Recorded {
  readonly columns: readonly RecordedField[];
  readonly has_more: boolean;
}

interface RecordedField extends RecordedColumn {
  readonly field_type: string;
}

function fitOf(
  source: SourceRow,
  fields: readonly SourceField[],
  state: TableState | null,
  { columns, has_more }: Recorded,
): PlannedFit {
  const fingerprint = fields.length === 0 ? null : schemaFingerprint(fields);
  if (state === null) {
    return { changes: [creation(columns.length > 0)], needs_full_scan: true, fingerprint };
  }
  // Nobody has read the source yet: what stands under its table's name is compared when that is done.
  if (fields.length === 0) return { changes: [], needs_full_scan: false, fingerprint };
  const plan = planTable(source, fields, { state, recorded: columns, has_more, is_new: false });
  return { changes: changesOf(plan), needs_full_scan: lacksValues(plan), fingerprint };
}

const fieldOf = (column: RecordedField): SourceField => ({
  id: column.field_id,
  name: column.field_name,
  type: column.field_type,
  column_type: column.column_type,
});

async function readRecordedOf(
  db: Queryable,
  sources: readonly SourceRow[],
): Promise<ReadonlyMap<number, Recorded>> {
  const { rows } = await db.query<{
    source_id: number;
    has_more: boolean;
    ids: string[];
    names: string[];
    types: string[];
    columns: string[];
    column_types: ColumnType[];
    places: ColumnPlace[];
    dropped: boolean[];
  }>(
    `select s.id as source_id, s.has_more, json_agg(c.field_id order by c.position) as ids,
            json_agg(c.field_name order by c.position) as names,
            json_agg(c.field_type order by c.position) as types,
            json_agg(c.column_name order by c.position) as columns,
            json_agg(c.column_type order by c.position) as column_types,
            json_agg(c.place order by c.position) as places,
            json_agg(c.dropped_at is not null order by c.position) as dropped
       from appsync.source s join appsync.source_column c on c.source_id = s.id
      where s.id = any($1::bigint[]) group by s.id`,
    [sources.map(({ id }) => id)],
  );
  return new Map(
    rows.map((row) => [
      row.source_id,
      {
        has_more: row.has_more,
        columns: row.ids.map((field_id, i) => ({
          field_id,
          field_name: row.names[i] ?? '',
          field_type: row.types[i] ?? '',
          column_name: row.columns[i] ?? '',
          column_type: row.column_types[i] ?? 'text',
          place: row.places[i] ?? 'column',
          dropped: row.dropped[i] === true,
        })),
      },
    ]),
  );
}
