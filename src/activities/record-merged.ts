import type { BatchKey, OpenSourceRef } from '../contract/activities.ts';
import { syncMetrics, type SyncMetrics } from '../contract/metrics.ts';
import type { Evidence, ScanWindow } from '../contract/scan.ts';
import type { Transaction } from '../store/database.ts';
import type { StagedIds } from '../store/merge.ts';
import { recordBatches, saveWindows } from '../store/scans.ts';
import { addToSourceRun } from '../store/source-runs.ts';

/** Batches whose rows are in the table, as far as they had any. */
export interface MergedBatches {
  readonly batches: readonly BatchKey[];
  /** The records that they held, by attempt. */
  readonly ids: ReadonlyMap<string, StagedIds>;
  /** Where the scan stands now. */
  readonly windows: readonly ScanWindow[];
  readonly evidence: Evidence;
  /** What fetching and merging them counted. */
  readonly metrics: SyncMetrics;
}

/**
 * Notes merged batches with their counts and ids, and moves the checkpoint: in the merge's transaction. Returns
 * what the run counted of the source so far.
 */
export async function recordMerged(
  tx: Transaction,
  source: Pick<OpenSourceRef, 'source_id' | 'run_id'> & { readonly scan_id: string },
  { batches, ids, windows, evidence, metrics }: MergedBatches,
): Promise<SyncMetrics> {
  const recorded = batches.map((batch, i) => ({
    ...batch,
    metrics: share(metrics, i),
    ...(ids.get(batch.attempt) ?? { ids: [], unidentified: 0 }),
  }));
  await recordBatches(tx, source, recorded, evidence);
  await saveWindows(tx, source.scan_id, windows);
  return addToSourceRun(tx, source, metrics);
}

/** Batches published together were counted together: the first one carries the counts, so that they add up. */
const share = (metrics: SyncMetrics, index: number) => (index === 0 ? metrics : syncMetrics());
