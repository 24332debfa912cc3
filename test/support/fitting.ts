import type {
  Column,
  ColumnType,
  CreateConverter,
  SourceField,
} from '../../src/contract/schema.ts';
import { inTransaction, type Database } from '../../src/store/database.ts';
import { fitTable, type FittedTable } from '../../src/store/destination/fit-table.ts';
import { mergeStaged } from '../../src/store/merge.ts';
import { readColumns, readSource, type SourceRow } from '../../src/store/sources.ts';
import { stageRecords } from '../../src/store/staging.ts';
import { insertSource } from './catalog-rows.ts';

/** A property; its id is its name unless given. */
export const field = (
  name: string,
  column_type: ColumnType = 'text',
  id: string = name,
): SourceField => ({ id, name, type: `a ${column_type}`, column_type });

/**
 * Converts records of the form `{id, cells: {field id: value}}`: a JSON string for a text column, a JSON number
 * for a numeric one, anything for jsonb; whatever else does not fit.
 */
export const createConverter: CreateConverter = (columns) => (record) => {
  const { id, cells } = record as { id: string; cells: Record<string, unknown> };
  const values = columns.map((column) => cellText(column, cells[column.id]));
  const unfit = columns.filter((column, i) => cells[column.id] != null && values[i] === null);
  return {
    id,
    created_at: null,
    edited_at: null,
    values,
    errors:
      unfit.length === 0
        ? null
        : Object.fromEntries(unfit.map((column) => [column.id, `not a ${column.column_type}`])),
    truncated: [],
    raw: JSON.stringify(record),
    hash: JSON.stringify(record),
  };
};

function cellText({ column_type }: Column, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (column_type === 'jsonb') return JSON.stringify(value);
  if (column_type === 'text') return typeof value === 'string' ? value : null;
  if (column_type === 'numeric') return typeof value === 'number' ? String(value) : null;
  return null;
}

/** A source with a table of its own, below activities and platforms. */
export interface FittedSource {
  readonly source: SourceRow;
  /** `schema.table` */
  readonly table: string;
  readonly fit: (fields: readonly SourceField[]) => Promise<FittedTable>;
  /** Merges records of the form `{id, cells}`, by mergeStaged or another. */
  readonly merge: (
    records: readonly { readonly id: string; readonly cells: Record<string, unknown> }[],
    merge?: typeof mergeStaged,
  ) => Promise<Awaited<ReturnType<typeof mergeStaged>>>;
  readonly sql: (text: string) => Promise<Record<string, unknown>[]>;
}

let attempts = 0;

export async function newFittedSource(db: Database): Promise<FittedSource> {
  const source = await readSource(db, await insertSource(db));
  return {
    source,
    table: `${source.table_schema}.${source.table_name}`,
    fit: (fields) =>
      inTransaction(db, (tx) => fitTable(tx, source, fields, { run_id: 'run', createConverter })),
    merge: async (records, merge = mergeStaged) => {
      const columns = await readColumns(db, source.id);
      const key = { scan_id: source.alias, attempt: `attempt-${(attempts += 1)}` };
      const converted = records.map(createConverter(columns));
      await stageRecords(db, key, columns, converted, new AbortController().signal);
      const batches = [{ window: 0, batch: 0, attempt: key.attempt, rows: records.length }];
      return inTransaction(db, (tx) =>
        merge(tx, source, columns, { scan_id: key.scan_id, run_id: 'run', batches }),
      );
    },
    sql: async (text) => (await db.query<Record<string, unknown>>(text)).rows,
  };
}
