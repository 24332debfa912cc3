import type { Column, ColumnType, SourceField } from '../contract/schema.ts';
import { SyncFailure } from '../errors.ts';
import type { Queryable } from './database.ts';
import { columnName, quote, quoteTable } from './identifiers.ts';
import type { SourceRow } from './sources.ts';

/** Postgres allows 1,600 columns, dropped ones counted; the rest is ours. */
const MAX_FIELDS = 1500;

/** A column as recorded: also of properties that are gone from the platform. */
interface RecordedColumn {
  readonly field_id: string;
  readonly field_name: string;
  readonly column_name: string;
  readonly column_type: ColumnType;
  readonly dropped: boolean;
}

/** What has to happen to a table so that it fits a schema. */
export type ColumnChange =
  | { readonly kind: 'add'; readonly column: Column }
  | { readonly kind: 'rename'; readonly column: Column; readonly from: string }
  | { readonly kind: 'retype'; readonly column: Column; readonly from: ColumnType }
  | { readonly kind: 'drop'; readonly field_id: string; readonly column: string };

/**
 * The columns that a schema needs and the steps that lead there from what is recorded. Properties are
 * known by id: a rename renames the column, a deleted property's column stays with its data.
 */
export function planColumns(
  fields: readonly SourceField[],
  recorded: readonly RecordedColumn[],
): { readonly columns: readonly Column[]; readonly changes: readonly ColumnChange[] } {
  const known = new Map(recorded.map((column) => [column.field_id, column]));
  const isRenamed = (field: SourceField) =>
    (known.get(field.id)?.field_name ?? field.name) !== field.name;
  const taken = new Set(recorded.map((column) => column.column_name));
  // All names that are given up are free before the first is given out, so that two may be swapped.
  for (const field of fields.filter(isRenamed))
    taken.delete(known.get(field.id)?.column_name ?? '');
  const columns: Column[] = [];
  const changes: ColumnChange[] = [];
  for (const field of fields) {
    const before = known.get(field.id);
    const name =
      before === undefined || isRenamed(field) ? columnName(field, taken) : before.column_name;
    taken.add(name);
    const column: Column = { ...field, column: name };
    columns.push(column);
    if (before === undefined) changes.push({ kind: 'add', column });
    else {
      if (before.column_name !== name)
        changes.push({ kind: 'rename', column, from: before.column_name });
      if (before.column_type !== field.column_type) {
        changes.push({ kind: 'retype', column, from: before.column_type });
      }
    }
    known.delete(field.id);
  }
  for (const gone of known.values()) {
    if (!gone.dropped)
      changes.push({ kind: 'drop', field_id: gone.field_id, column: gone.column_name });
  }
  return { columns, changes };
}

export interface FittedTable {
  readonly columns: readonly Column[];
  readonly changes: readonly ColumnChange[];
  /** Whether values that the table had, or should have had, are missing: only a full scan brings them. */
  readonly needs_full_scan: boolean;
}

/**
 * Makes the source's table fit its fields, inside the caller's transaction. A table or column that
 * somebody dropped is made anew. A column that changes its type, or is made anew, is empty: every row's
 * hash is cleared with it, so that the full scan that follows writes each row again.
 */
export async function fitTable(
  tx: Queryable,
  source: SourceRow,
  fields: readonly SourceField[],
): Promise<FittedTable> {
  if (fields.length > MAX_FIELDS) {
    throw new SyncFailure(
      'Misconfigured',
      `${source.alias} has ${fields.length} properties; a table holds ${MAX_FIELDS}`,
    );
  }
  const table = quoteTable(source);
  const created = await createTable(tx, source, table);
  const { rows: recorded } = await tx.query<RecordedColumn>(
    `select field_id, field_name, column_name, column_type, dropped_at is not null as dropped
       from appsync.source_column where source_id = $1`,
    [source.id],
  );
  const plan = planColumns(fields, recorded);
  await renameColumns(tx, table, plan.changes);
  for (const change of plan.changes) {
    if (change.kind === 'retype') await retypeColumn(tx, table, change.column);
  }
  const added = await addMissingColumns(tx, source, table, plan.columns);
  const emptied = added > 0 || plan.changes.some((change) => change.kind === 'retype');
  if (emptied && !created)
    await tx.query(`update ${table} set _hash = null where _hash is not null`);
  await recordColumns(tx, source.id, plan.columns);
  return { ...plan, needs_full_scan: created || emptied };
}

/** Returns whether the table was not there. The lock keeps two sources from making one schema at once. */
async function createTable(tx: Queryable, source: SourceRow, table: string): Promise<boolean> {
  const { rows } = await tx.query<{ present: boolean }>(
    'select to_regclass($1) is not null as present',
    [table],
  );
  if (rows[0]?.present === true) return false;
  await tx.query(`select pg_advisory_xact_lock(hashtext('appsync.ddl'))`);
  // Not `if not exists`: that asks a cache, which remembers from before the lock that there is none.
  const { rowCount } = await tx.query('select 1 from pg_namespace where nspname = $1', [
    source.table_schema,
  ]);
  if (rowCount === 0) await tx.query(`create schema ${quote(source.table_schema)}`);
  await tx.query(
    `create table if not exists ${table} (
       _id text primary key,
       _created_at timestamptz,
       _edited_at timestamptz,
       _synced_at timestamptz not null default now(),
       _deleted_at timestamptz,
       _hash text,
       _errors jsonb,
       _raw json,
       _run_id text
     )`,
  );
  return true;
}

/** In two steps over names that no property can have, so that properties may swap their names. */
async function renameColumns(
  tx: Queryable,
  table: string,
  changes: readonly ColumnChange[],
): Promise<void> {
  const renames = changes.filter((change) => change.kind === 'rename');
  for (const [i, change] of renames.entries()) {
    await tx.query(`alter table ${table} rename column ${quote(change.from)} to ${quote(`~${i}`)}`);
  }
  for (const [i, change] of renames.entries()) {
    await tx.query(
      `alter table ${table} rename column ${quote(`~${i}`)} to ${quote(change.column.column)}`,
    );
  }
}

const retypeColumn = (tx: Queryable, table: string, { column, column_type }: Column) =>
  tx.query(`alter table ${table} alter column ${quote(column)} type ${column_type} using null`);

async function presentColumns(db: Queryable, table: string): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ name: string }>(
    `select attname as name from pg_attribute
      where attrelid = to_regclass($1) and attnum > 0 and not attisdropped`,
    [table],
  );
  return new Set(rows.map((row) => row.name));
}

/** Names of the columns that the source's table lacks; null when there is no table. */
export async function missingColumns(
  db: Queryable,
  source: SourceRow,
  columns: readonly Column[],
): Promise<readonly string[] | null> {
  const present = await presentColumns(db, quoteTable(source));
  if (present.size === 0) return null;
  return columns.map(({ column }) => column).filter((column) => !present.has(column));
}

/** Adds the columns that the table lacks, new or dropped by hand. Returns how many. */
async function addMissingColumns(
  tx: Queryable,
  source: SourceRow,
  table: string,
  columns: readonly Column[],
): Promise<number> {
  const present = await presentColumns(tx, table);
  const missing = columns.filter((column) => !present.has(column.column));
  if (missing.length === 0) return 0;
  const adds = missing.map(
    ({ column, column_type }) => `add column ${quote(column)} ${column_type}`,
  );
  await tx.query(`alter table ${quoteTable(source)} ${adds.join(', ')}`);
  return missing.length;
}

async function recordColumns(
  tx: Queryable,
  sourceId: number,
  columns: readonly Column[],
): Promise<void> {
  await tx.query(
    `update appsync.source_column set dropped_at = coalesce(dropped_at, now())
      where source_id = $1 and field_id <> all($2::text[])`,
    [sourceId, columns.map((column) => column.id)],
  );
  // Names are freed first: the unique constraint is checked row by row.
  await tx.query(
    `update appsync.source_column set column_name = column_name || '~' || field_id
      where source_id = $1 and field_id = any($2::text[])`,
    [sourceId, columns.map((column) => column.id)],
  );
  await tx.query(
    `insert into appsync.source_column
       (source_id, field_id, field_name, field_type, column_name, column_type, position)
     select $1, f.id, f.name, f.type, f.column_name, f.column_type, f.position
       from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
            with ordinality as f(id, name, type, column_name, column_type, position)
     on conflict (source_id, field_id) do update
        set field_name = excluded.field_name, field_type = excluded.field_type,
            column_name = excluded.column_name, column_type = excluded.column_type,
            position = excluded.position, dropped_at = null`,
    [
      sourceId,
      columns.map((column) => column.id),
      columns.map((column) => column.name),
      columns.map((column) => column.type),
      columns.map((column) => column.column),
      columns.map((column) => column.column_type),
    ],
  );
}
