import type { SchemaChange } from '../../contract/schema-change.ts';
import type { Column, CreateConverter, SourceField } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import { checkNoViews, explainRefusal } from './change-refused.ts';
import { areNoted, commentColumns, readNoted, recordColumns } from './column-comments.ts';
import type { Queryable } from '../database.ts';
import { quoteTable } from '../identifiers.ts';
import { wasGivenMore } from './more-column.ts';
import { rebuildColumns, restoreIds } from './rebuild.ts';
import { recordChanges } from './schema-changes.ts';
import type { SourceRow } from '../sources.ts';
import { repairKey, repairSystemColumns } from './system-columns.ts';
import { addColumns, createTable, renameColumns } from './table-changes.ts';
import { lockTable, withLockTimeout } from './table-lock.ts';
import {
  changesOf,
  creation,
  isChanging,
  lacksValues,
  planTable,
  type KnownTable,
  type TablePlan,
} from './table-plan.ts';
import { readRecorded, readTableState } from './table-state.ts';

export interface FittedTable {
  readonly columns: readonly Column[];
  readonly changes: readonly SchemaChange[];
  /** Whether values that the table had, or should have had, are missing: only a full scan brings them. */
  readonly needs_full_scan: boolean;
}

/** For whom a table is made to fit, and how its stored records become values again. */
export interface Fitting {
  /** The run that the changes are recorded under. */
  readonly run_id: string;
  /** The platform's; without it columns of another type keep what an obvious cast makes of their values. */
  readonly createConverter?: CreateConverter;
}

/**
 * How long columns are filled again from stored records: about 500,000 rows at the 4,400 a second measured on a busy
 * machine of two cores (docs/performance.md). Opening a source may take 5 minutes in all; rows that are not reached
 * are written by the full scan.
 */
const REBUILD_MS = 120_000;

/**
 * Makes the source's table fit its fields, inside the caller's transaction: all of it or nothing. What somebody
 * dropped or altered is made as it was; what is the user's (columns, indexes, triggers, grants) stays. Rows whose
 * table lacks values have their hash cleared, so that the full scan that follows writes each of them again. Called
 * again it changes nothing, and then takes no lock. Throws Misconfigured for what it cannot change, and a Database
 * failure, to be tried again, when somebody keeps the table.
 */
export async function fitTable(
  tx: Queryable,
  source: SourceRow,
  fields: readonly SourceField[],
  fitting: Fitting = { run_id: '' },
): Promise<FittedTable> {
  const fitted = await fitsAlready(tx, source, fields);
  return fitted ?? withLockTimeout(tx, source, () => fitLocked(tx, source, fields, fitting));
}

/** The usual case is found out by reading: no lock, so no time-out for one, and nothing is written. */
async function fitsAlready(
  tx: Queryable,
  source: SourceRow,
  fields: readonly SourceField[],
): Promise<FittedTable | null> {
  const state = await readTableState(tx, source);
  if (state === null) return null;
  const recorded = await readNoted(tx, source);
  const found = await planFor(tx, source, fields, { state, recorded, is_new: false });
  const { columns } = found.columns;
  if (isChanging(found) || lacksValues(found) || changesOf(found).length > 0) return null;
  if (!areNoted(columns, recorded, state)) return null;
  return { columns, changes: [], needs_full_scan: false };
}

async function fitLocked(
  tx: Queryable,
  source: SourceRow,
  fields: readonly SourceField[],
  fitting: Fitting,
): Promise<FittedTable> {
  const isNew = await createTable(tx, source);
  let found = await plan(tx, source, fields, isNew);
  if (!isNew && isChanging(found)) {
    await lockTable(tx, source);
    // What was seen before the lock may have changed until then.
    found = await plan(tx, source, fields, isNew);
  }
  const { state, columns } = found;
  const isRemade = isNew && (await readRecorded(tx, source.id)).length > 0;
  const changes = [...(isNew ? [creation(isRemade)] : []), ...changesOf(found)];
  if (isChanging(found)) await change(tx, source, found, fitting);
  const isLacking = lacksValues(found);
  if (isLacking && !isNew) {
    await tx.query(`update ${quoteTable(source)} set _hash = null where _hash is not null`);
  }
  await recordColumns(tx, source.id, columns.columns);
  const after = isChanging(found) ? await readTableState(tx, source) : state;
  if (after !== null) await commentColumns(tx, source, after);
  await recordChanges(tx, { source_id: source.id, run_id: fitting.run_id }, changes);
  return { columns: columns.columns, changes, needs_full_scan: isNew || isLacking };
}

async function plan(
  tx: Queryable,
  source: SourceRow,
  fields: readonly SourceField[],
  isNew: boolean,
): Promise<TablePlan> {
  const state = await readTableState(tx, source);
  if (state === null) {
    throw new SyncFailure('Database', `${source.table_name} was dropped while it was looked at`);
  }
  const recorded = await readRecorded(tx, source.id);
  return planFor(tx, source, fields, { state, recorded, is_new: isNew });
}

async function planFor(
  tx: Queryable,
  source: SourceRow,
  fields: readonly SourceField[],
  seen: Omit<KnownTable, 'has_more'>,
): Promise<TablePlan> {
  return planTable(source, fields, { ...seen, has_more: await wasGivenMore(tx, source) });
}

async function change(
  tx: Queryable,
  source: SourceRow,
  { state, repairs, columns }: TablePlan,
  fitting: Fitting,
): Promise<void> {
  const { retypes } = columns;
  const createConverter = fitting.createConverter;
  const altered = [
    ...retypes.map(({ column }) => column.column),
    ...repairs.changed.map(({ name }) => name),
  ];
  await checkNoViews(tx, source, altered);
  await explainRefusal(tx, source, altered, async () => {
    await repairSystemColumns(tx, source, repairs);
    if (repairs.missing.includes('_id') && createConverter !== undefined)
      await restoreIds(tx, source, createConverter);
    if (repairs.needs_key) await repairKey(tx, source, state);
    await renameColumns(tx, source, columns);
    await addColumns(tx, source, columns);
    if (retypes.length === 0) return;
    const end = performance.now() + REBUILD_MS;
    await rebuildColumns(tx, source, retypes, {
      createConverter,
      isTimeUp: () => performance.now() > end,
    });
  });
}
