import { Context } from '@temporalio/activity';
import type {
  CompleteRecordsInput,
  CompletedRecords,
  OpenSourceRef,
} from '../contract/activities.ts';
import { NO_EVIDENCE } from '../contract/scan.ts';
import type { Column } from '../contract/schema.ts';
import { SyncFailure, isAboutOneRecord } from '../errors.ts';
import type { SourceRef } from '../platforms/platform.ts';
import type { PlatformSession, WholeValue } from '../platforms/session.ts';
import { refusalOf } from '../store/refusal.ts';
import type { Transaction } from '../store/database.ts';
import { isSeen, recordEvidence } from '../store/scans.ts';
import { addToSourceRun } from '../store/source-runs.ts';
import { breakChain } from '../store/source-state.ts';
import { holdFence, readColumns, readSource, type SourceRow } from '../store/sources.ts';
import {
  clearHash,
  completeValues,
  countTruncated,
  forgetTruncated,
  noteUnfit,
  readTruncated,
  type TruncatedValue,
} from '../store/truncated-values.ts';
import { connectSource } from './connect-account.ts';
import type { Dependencies } from './dependencies.ts';
import { inActivityTransaction, withHeartbeat } from './running.ts';

/** Values per activity: at 3 requests a second about 20 s, so a slice is short and its loss is small. */
const SLICE = 60;
const ODD_ATTEMPTS = 3;
/** A value can take many requests: the slice ends early after this, with at least one value read. */
const TIME_SLICE_MS = 45_000;

/**
 * Reads a slice of the values that lists cut short and writes them whole. What is left is in Postgres, so
 * any attempt goes on where the last one committed; writing a value twice is harmless.
 */
export function completeRecords(
  deps: Dependencies,
  input: CompleteRecordsInput,
): Promise<CompletedRecords> {
  return withHeartbeat(async (meter) => {
    const { source: opened } = input;
    const started = performance.now();
    const source = await readSource(deps.db, opened.source_id);
    const columns = new Map(
      (await readColumns(deps.db, source.id)).map((column) => [column.id, column]),
    );
    const { session, ref } = await connectSource(deps, source, opened, meter);
    for (const value of await readTruncated(deps.db, source.id, SLICE)) {
      const column = columns.get(value.field_id);
      const read = column === undefined ? 'unwanted' : await readWhole(session, ref, value, column);
      const underFence = (reading: Reading) =>
        inActivityTransaction(deps.db, async (tx) => {
          await holdFence(tx, opened);
          await settle(tx, opened, source, { ...value, column, read: reading });
        });
      await underFence(read).catch((error: unknown) => {
        const refusal = refusalOf(error);
        if (refusal === null) throw error;
        return underFence({ unfit: refusal.reason });
      });
      if (typeof read === 'object') meter.count({ completed: 1 });
      if (performance.now() - started > TIME_SLICE_MS) break;
    }
    const metrics = meter.total();
    await inActivityTransaction(deps.db, async (tx) => {
      await holdFence(tx, opened);
      await addToSourceRun(tx, opened, metrics);
    });
    return { metrics, remaining: await countTruncated(deps.db, source.id) };
  });
}

/**
 * `unwanted`: its property is gone. `unreadable`: the platform says that there is no such record, or refuses to
 * give this value of it (a page that moved to another data source has other properties), or gives what nobody can read.
 */
type Reading = 'unwanted' | 'unreadable' | WholeValue;

async function readWhole(
  session: PlatformSession,
  ref: SourceRef,
  value: TruncatedValue,
  column: Column,
): Promise<Reading> {
  if (session.readValue === undefined) return 'unwanted';
  try {
    return await session.readValue(ref, value.record_id, column);
  } catch (error) {
    if (isAboutOneRecord(error) || isOddForGood(error)) return 'unreadable';
    throw error;
  }
}

/** An answer that is not what is documented may be a hiccup; again and again, it is about this value. */
const isOddForGood = (error: unknown): boolean =>
  error instanceof SyncFailure &&
  error.type === 'InvalidAnswer' &&
  Context.current().info.attempt > ODD_ATTEMPTS;

/**
 * Writes what was read; what its column cannot hold is told in `_errors`. A record that is said to be gone may
 * only be out of the token's sight for now: its cell stays cut, so this scan is not whole, and the next one reads
 * the record anew. One that this full scan did not find is the sweep's to settle.
 */
async function settle(
  tx: Transaction,
  opened: OpenSourceRef,
  source: SourceRow,
  value: TruncatedValue & { readonly column: Column | undefined; readonly read: Reading },
): Promise<void> {
  const { record_id, field_id, column, read } = value;
  if (typeof read === 'object' && column !== undefined) {
    if ('unfit' in read) return noteUnfit(tx, source, column, record_id, read.unfit);
    await completeValues(tx, source, column, [{ record_id, text: read.text }]);
    return recordEvidence(tx, opened.scan.scan_id, { ...NO_EVIDENCE, completed: 1 });
  }
  await forgetTruncated(tx, source.id, field_id, [record_id]);
  if (read !== 'unreadable') return;
  await clearHash(tx, source, record_id);
  if (opened.scan.mode === 'full' && !(await isSeen(tx, opened.scan.scan_id, record_id))) return;
  await breakChain(tx, source.id);
  const gap = 'values of records that cannot be read any more are cut short';
  await recordEvidence(tx, opened.scan.scan_id, { ...NO_EVIDENCE, gaps: [gap] });
}
