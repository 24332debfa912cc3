import { isDeepStrictEqual } from 'node:util';
import type { UpsertBatchInput, UpsertedBatch } from '../contract/activities.ts';
import { addMetrics, syncMetrics, type SyncMetrics } from '../contract/metrics.ts';
import { SyncFailure } from '../errors.ts';
import { inTransaction, type Transaction } from '../store/database.ts';
import { countStaged, mergeStaged, takeStagedIds } from '../store/merge.ts';
import { doubtElsewhere } from '../store/moves.ts';
import { readMerged, readWindows, recordBatches, saveWindows } from '../store/scans.ts';
import { addToSourceRun } from '../store/source-runs.ts';
import { holdFence, readColumns, readSource } from '../store/sources.ts';
import { countTruncated } from '../store/truncated-values.ts';
import type { Dependencies } from './dependencies.ts';
import { attributeAttempt } from './observed-attempt.ts';
import { withHeartbeat, type Meter } from './running.ts';

/**
 * Merges staged batches into the table, moves the checkpoint and notes the ids seen, in one transaction
 * under the source's fence. A repeated call finds the batches merged and answers with the stored counts.
 */
export function upsertBatch(deps: Dependencies, input: UpsertBatchInput): Promise<UpsertedBatch> {
  return withHeartbeat((meter) => inTransaction(deps.db, (tx) => mergeOnce(tx, input, meter)));
}

async function mergeOnce(
  tx: Transaction,
  input: UpsertBatchInput,
  meter: Meter,
): Promise<UpsertedBatch> {
  const started = performance.now();
  const { source: opened, batches } = input;
  await holdFence(tx, opened);
  const before = await readMerged(tx, opened.scan.scan_id, batches);
  if (before !== null) {
    await checkCheckpoint(tx, input);
    return { metrics: before, truncated_values: await countTruncated(tx, opened.source_id) };
  }
  await checkStaged(tx, input);
  const source = await readSource(tx, opened.source_id);
  attributeAttempt(source);
  const columns = await readColumns(tx, opened.source_id);
  const { arrivals, ...counts } = await mergeStaged(tx, source, columns, {
    scan_id: opened.scan.scan_id,
    run_id: opened.run_id,
    batches,
    since: opened.scan.since,
  });
  await doubtElsewhere(tx, source, arrivals);
  const ids = await takeStagedIds(tx, opened.scan.scan_id, batches);
  meter.count({
    ...counts,
    batches: batches.length,
    merge_ms: Math.round(performance.now() - started),
  });
  const metrics = addMetrics(input.metrics, meter.total());
  const merged = batches.map((batch, i) => ({
    ...batch,
    metrics: share(metrics, i),
    ids: ids.get(batch.attempt) ?? [],
  }));
  await recordBatches(tx, { ...opened, scan_id: opened.scan.scan_id }, merged, input.evidence);
  await saveWindows(tx, opened.scan.scan_id, input.windows);
  await addToSourceRun(tx, opened, metrics);
  return { metrics, truncated_values: await countTruncated(tx, opened.source_id) };
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

/** Batches published together were counted together: the first one carries the counts, so that they add up. */
const share = (metrics: SyncMetrics, index: number) => (index === 0 ? metrics : syncMetrics());

/** Staging is unlogged: rows that Postgres lost in a crash must be fetched again, not merged in part. */
async function checkStaged(tx: Transaction, { source, batches }: UpsertBatchInput): Promise<void> {
  const expected = batches.reduce((sum, batch) => sum + batch.rows, 0);
  const staged = await countStaged(tx, source.scan.scan_id, batches);
  if (staged === expected) return;
  throw new SyncFailure(
    'StagingLost',
    `${staged} of ${expected} staged records of ${source.alias} are there`,
  );
}
