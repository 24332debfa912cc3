import { isDeepStrictEqual } from 'node:util';
import type { UpsertBatchInput, UpsertedBatch } from '../contract/activities.ts';
import { addMetrics, syncMetrics, type SyncMetrics } from '../contract/metrics.ts';
import type { Column } from '../contract/schema.ts';
import { SyncFailure } from '../errors.ts';
import type { Transaction } from '../store/database.ts';
import { mergeApart, type MergedApart } from '../store/merge-apart.ts';
import {
  countStaged,
  mergeStaged,
  stagedIds,
  takeStagedIds,
  type MergeCounts,
  type MergeKey,
} from '../store/merge.ts';
import { doubtElsewhere } from '../store/deletions/moves.ts';
import { quarantineStaged } from '../store/quarantine.ts';
import { refusalOf } from '../store/refusal.ts';
import { readMerged, readWindows } from '../store/scans.ts';
import { holdFence, readColumns, readSource, type SourceRow } from '../store/sources.ts';
import { countTruncated } from '../store/truncated-values.ts';
import { countUnread } from '../store/unread-content.ts';
import { mergeFitting } from '../store/destination/wide-rows.ts';
import type { Dependencies } from './dependencies.ts';
import { attributeAttempt, countInAttempt } from './observed-attempt.ts';
import { recordMerged } from './record-merged.ts';
import { inActivityTransaction, withHeartbeat, type Meter } from './running.ts';

/**
 * Merges staged batches into the table, moves the checkpoint and notes the ids seen, in one transaction
 * under the source's fence. A repeated call finds the batches merged and answers with the stored counts.
 * Records that cannot be converted or written enter the quarantine in the same transaction. All rows are
 * merged by one statement, without a savepoint; only when Postgres refuses it is everything begun anew,
 * and merged in parts.
 */
export function upsertBatch(deps: Dependencies, input: UpsertBatchInput): Promise<UpsertedBatch> {
  return withHeartbeat(async (meter) => {
    const context = { software: deps.version, meter };
    const mergeBy = async (merge: Merge) => {
      const { answer, merged } = await inActivityTransaction(deps.db, (tx) =>
        mergeOnce(tx, input, context, merge),
      );
      // Only now is it certain.
      countInAttempt(merged);
      return answer;
    };
    try {
      return await mergeBy(mergeWhole);
    } catch (error) {
      if (refusalOf(error) === null) throw error;
      return mergeBy(mergeParts);
    }
  });
}

type Merge = (
  tx: Transaction,
  source: SourceRow,
  columns: readonly Column[],
  key: MergeKey,
) => Promise<MergedApart>;

const mergeWhole: Merge = async (tx, source, columns, key) => ({
  counts: await mergeStaged(tx, source, columns, key),
  refused: [],
});

const mergeParts: Merge = async (tx, source, columns, key) =>
  mergeApart(tx, await stagedIds(tx, key), (ids) => mergeFitting(tx, source, columns, key, ids));

async function mergeOnce(
  tx: Transaction,
  input: UpsertBatchInput,
  { software, meter }: { readonly software: string; readonly meter: Meter },
  merge: Merge,
): Promise<{ readonly answer: UpsertedBatch; readonly merged: Partial<SyncMetrics> }> {
  const started = performance.now();
  const { source: opened, batches } = input;
  await holdFence(tx, opened);
  const before = await readMerged(tx, opened.scan.scan_id, batches);
  if (before !== null) {
    await checkCheckpoint(tx, input);
    const unfinished = await countUnfinished(tx, opened.source_id);
    return { answer: { metrics: before, ...unfinished }, merged: {} };
  }
  const counts = await writeBatch(tx, input, software, merge);
  const ids = await takeStagedIds(tx, opened.scan.scan_id, batches);
  // Not through the meter: an attempt whose commit fails has merged nothing that the next one would not.
  const merged = syncMetrics({
    ...counts,
    batches: batches.length,
    merge_ms: Math.round(performance.now() - started),
  });
  const metrics = addMetrics(addMetrics(input.metrics, meter.total()), merged);
  const { scan_id } = opened.scan;
  await recordMerged(tx, { ...opened, scan_id }, { ...input, ids, metrics });
  const unfinished = await countUnfinished(tx, opened.source_id);
  return { answer: { metrics, ...unfinished }, merged };
}

/** What the source's rows still lack. */
async function countUnfinished(tx: Transaction, sourceId: number) {
  return {
    truncated_values: await countTruncated(tx, sourceId),
    unread_contents: await countUnread(tx, sourceId),
  };
}

/** Merges what is staged, in whole or in parts, and quarantines the rest. */
async function writeBatch(
  tx: Transaction,
  input: UpsertBatchInput,
  software: string,
  merge: Merge,
): Promise<MergeCounts & { readonly quarantined: number }> {
  const { source: opened, batches } = input;
  const rejected = await checkStaged(tx, input);
  const source = await readSource(tx, opened.source_id);
  attributeAttempt(source);
  const columns = await readColumns(tx, opened.source_id);
  const { since, scan_id } = opened.scan;
  const key = { scan_id, run_id: opened.run_id, batches, since };
  const { counts, refused } = await merge(tx, source, columns, key);
  await doubtElsewhere(tx, source, counts.arrivals);
  if (rejected + refused.length === 0) return { ...counts, quarantined: 0 };
  const put = await quarantineStaged(tx, { ...key, source_id: source.id, software }, refused);
  return { ...counts, read: counts.read + put.identified, quarantined: put.quarantined };
}

/**
 * A repeated call finds the checkpoint where the first one left it. Elsewhere, the workflow's history is
 * behind what is merged (Temporal was restored, a workflow reset): going on from it could leave a gap.
 */
async function checkCheckpoint(
  tx: Transaction,
  { source, windows }: UpsertBatchInput,
): Promise<void> {
  const stored = new Map(
    (await readWindows(tx, source.scan.scan_id)).map((window) => [window.window, window]),
  );
  if (windows.every((window) => isDeepStrictEqual(stored.get(window.window), window))) return;
  throw new SyncFailure('FenceLost', `${source.alias} is synced further than this workflow knows`, {
    hint: `appsync all --source ${source.alias}`,
  });
}

/**
 * Staging is unlogged: rows that Postgres lost in a crash must be fetched again, not merged in part.
 * Returns how many rows are rejected records.
 */
async function checkStaged(
  tx: Transaction,
  { source, batches }: UpsertBatchInput,
): Promise<number> {
  const expected = batches.reduce((sum, batch) => sum + batch.rows, 0);
  const { staged, rejected } = await countStaged(tx, source.scan.scan_id, batches);
  if (staged === expected) return rejected;
  throw new SyncFailure(
    'StagingLost',
    `${staged} of ${expected} staged records of ${source.alias} are there`,
  );
}
