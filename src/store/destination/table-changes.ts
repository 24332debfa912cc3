import type { ColumnPlan } from './column-plan.ts';
import type { Queryable } from '../database.ts';
import { quote, quoteTable } from '../identifiers.ts';
import { addMore, hasMore, renameMoreKeys } from './more-column.ts';
import type { SourceRow } from '../sources.ts';
import { createSystemTable } from './system-columns.ts';

/** Returns whether the table was not there. */
export async function createTable(tx: Queryable, source: SourceRow): Promise<boolean> {
  const { rows } = await tx.query<{ present: boolean }>(
    'select to_regclass($1) is not null as present',
    [quoteTable(source)],
  );
  if (rows[0]?.present === true) return false;
  if (!(await hasSchema(tx, source))) await createSchema(tx, source);
  await createSystemTable(tx, source);
  return true;
}

/** Not `if not exists`: that asks a cache, which remembers from before a lock that there is none. */
async function hasSchema(tx: Queryable, source: SourceRow): Promise<boolean> {
  const { rowCount } = await tx.query('select 1 from pg_namespace where nspname = $1', [
    source.table_schema,
  ]);
  return rowCount !== 0;
}

/**
 * The lock keeps two sources from making one schema at once. Whoever finds it made by then gives the lock back: it
 * would last until the end of the transaction, and sources that are new at once would all open one after another.
 */
async function createSchema(tx: Queryable, source: SourceRow): Promise<void> {
  await tx.query('savepoint create_schema');
  await tx.query(`select pg_advisory_xact_lock(hashtext('appsync.ddl'))`);
  if (await hasSchema(tx, source)) await tx.query('rollback to savepoint create_schema');
  else await tx.query(`create schema ${quote(source.table_schema)}`);
  await tx.query('release savepoint create_schema');
}

/**
 * In two steps over names that no property can have, so that properties may swap their names. Reasons in `_errors`
 * and values in `_more` are kept under the column's name and follow it.
 */
export async function renameColumns(
  tx: Queryable,
  source: SourceRow,
  { renames }: ColumnPlan,
): Promise<void> {
  if (renames.length === 0) return;
  const table = quoteTable(source);
  const inTable = renames.filter(({ place }) => place === 'column');
  for (const [i, { from }] of inTable.entries()) {
    await tx.query(`alter table ${table} rename column ${quote(from)} to ${quote(`~${i}`)}`);
  }
  for (const [i, { to }] of inTable.entries()) {
    await tx.query(`alter table ${table} rename column ${quote(`~${i}`)} to ${quote(to)}`);
  }
  const keys = new Map(renames.map(({ from, to }) => [from, to]));
  await tx.query(
    `update ${table} set _errors = appsync.rename_keys(_errors, $1) where _errors ?| $2::text[]`,
    [JSON.stringify(Object.fromEntries(keys)), [...keys.keys()]],
  );
  if (await hasMore(tx, source)) await renameMoreKeys(tx, source, keys);
}

/** Adds the columns that the table lacks, new or dropped by hand, and `_more` when values have their place there. */
export async function addColumns(
  tx: Queryable,
  source: SourceRow,
  { adds, needs_more }: ColumnPlan,
): Promise<void> {
  const actions = adds.map(
    ({ column, column_type }) => `add column ${quote(column)} ${column_type}`,
  );
  if (actions.length > 0) await tx.query(`alter table ${quoteTable(source)} ${actions.join(', ')}`);
  if (needs_more) await addMore(tx, source);
}
