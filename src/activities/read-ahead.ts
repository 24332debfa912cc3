import {
  ApplicationFailure,
  CancelledFailure,
  Context,
  cancellationSignal,
} from '@temporalio/activity';
import type {
  ClosedSource,
  EndedAtOnce,
  OpenSourceInput,
  OpenedSource,
  OpenedWithBatch,
  StagedBatch,
} from '../contract/activities.ts';
import { addMetrics, syncMetrics, type SyncMetrics } from '../contract/metrics.ts';
import { NO_EVIDENCE, firstFree, type ScanIdentity } from '../contract/scan.ts';
import type { SourceError } from '../contract/summary.ts';
import type { Transaction } from '../store/database.ts';
import { readSourceRunEnd } from '../store/source-runs.ts';
import { holdFence, readSource } from '../store/sources.ts';
import { activityFailure } from './activity-failure.ts';
import type { Dependencies } from './dependencies.ts';
import { endSource } from './end-source.ts';
import { countFailure, countInAttempt } from './observed-attempt.ts';
import { recordMerged } from './record-merged.ts';
import { inActivityTransaction, type Meter } from './running.ts';
import { stageBatch, type ReadSource } from './stage-batch.ts';

/**
 * A source that took longer to open reads its first batch in an activity of its own: a time slice of 45 s and a last
 * request of at most two minutes have to end within the five minutes of this one.
 */
const LATEST_MS = 90_000;

/** A source whose scan is chosen. */
export type BegunSource = Pick<ReadSource, 'source' | 'connected' | 'columns'> & {
  readonly opened: OpenedSource;
};

type AheadInput = OpenSourceInput & { readonly started_at: string };

/**
 * Stages the first batch of a source that is open: one activity less for every scan. When nothing is left to do after
 * it, which is what most incremental scans find, the source ends here. A batch that fails is read by fetchBatch, which has
 * retries of its own, or fails the scan where these would not help: opening is not repeated for it, and what it counted
 * stays counted.
 */
export async function readAhead(
  deps: Dependencies,
  input: AheadInput,
  begun: BegunSource,
  { started, meter }: { readonly started: number; readonly meter: Meter },
): Promise<OpenedWithBatch | EndedAtOnce> {
  const isLate = performance.now() - started > LATEST_MS;
  const { first, ...unread } = isLate ? UNREAD : await readFirst(deps, input, begun, meter);
  const metrics = addMetrics(begun.opened.metrics, meter.lap());
  const opened = { ...begun.opened, metrics };
  if (!isNothingLeft(opened, first)) return { ...opened, ...unread, first };
  return { closed: await closeAtOnce(deps, input, opened, first) };
}

type FirstBatch = Pick<OpenedWithBatch, 'wait_ms' | 'failure'> & {
  readonly first: StagedBatch | null;
};

const UNREAD: FirstBatch = { first: null };

async function readFirst(
  deps: Dependencies,
  { options }: OpenSourceInput,
  { opened, ...begun }: BegunSource,
  meter: Meter,
): Promise<FirstBatch> {
  const { scan, windows } = opened;
  const window = windows.find(({ done }) => !done);
  if (window === undefined) return UNREAD;
  const from = { window, free_window: firstFree(windows) };
  try {
    return { first: await stageBatch(deps.db, { ...begun, scan, options }, from, meter) };
  } catch (error) {
    if (error instanceof CancelledFailure || cancellationSignal().aborted) throw error;
    const failure = activityFailure(error);
    countFailure(failure);
    return { ...UNREAD, ...aboutFailure(failure) };
  }
}

/**
 * What the workflow has to know of a failure: whether to ask again, and when. What refused a request for its rate is kept
 * by the budget; of other times that a platform names nobody else knows.
 */
function aboutFailure(failure: Error): Omit<FirstBatch, 'first'> {
  if (!(failure instanceof ApplicationFailure)) return {};
  const { type, message, nonRetryable, nextRetryDelay, details } = failure;
  const [detail] = (details ?? []) as readonly Pick<SourceError, 'hint' | 'blocked_until'>[];
  if (nonRetryable === true) return { failure: { type: type ?? 'Failed', message, ...detail } };
  return type === 'Unavailable' && typeof nextRetryDelay === 'number'
    ? { wait_ms: nextRetryDelay }
    : {};
}

/** Whether the workflow would have nothing to do but record an empty batch, if that, and close the source. */
function isNothingLeft(opened: OpenedSource, first: StagedBatch | null): boolean {
  const { scan, windows, truncated_values, unsettled, unread_contents } = opened;
  const others = windows.filter(({ window }) => window !== first?.window);
  return (
    scan.mode === 'incremental' &&
    (first === null || first.rows === 0) &&
    [...others, ...(first?.windows ?? [])].every(({ done }) => done) &&
    truncated_values + unsettled + unread_contents === 0
  );
}

/** Records the empty batch and the end of the source in one transaction under the fence. */
async function closeAtOnce(
  deps: Dependencies,
  input: AheadInput,
  opened: OpenedSource,
  first: StagedBatch | null,
): Promise<ClosedSource> {
  const { closed, merged } = await inActivityTransaction(deps.db, async (tx) => {
    const started = performance.now();
    const before = await holdOpened(tx, input, opened.fence);
    if (before !== null) return { closed: before, merged: syncMetrics() };
    const { merged, metrics, running } = await recordEmpty(tx, input, opened.scan, first, started);
    // The catalog may want something else of it by now than when it was opened.
    const source = await readSource(tx, input.source_id);
    const ended = {
      ...input,
      workflow_id: Context.current().info.workflowExecution?.workflowId ?? '',
      scan: opened.scan,
      status: 'complete',
      evidence: first?.evidence ?? NO_EVIDENCE,
      metrics: addMetrics(opened.metrics, metrics),
      error: null,
    } as const;
    return {
      merged,
      closed: await endSource(tx, deps, ended, { source, running, fenceHeld: true }),
    };
  });
  // Only now is it certain.
  countInAttempt(merged);
  return closed;
}

/** What recording the batch counted, what it counted in all, and the run with it. */
async function recordEmpty(
  tx: Transaction,
  { source_id, run_id }: OpenSourceInput,
  { scan_id }: ScanIdentity,
  first: StagedBatch | null,
  started: number,
): Promise<{
  readonly merged: SyncMetrics;
  readonly metrics: SyncMetrics;
  readonly running?: SyncMetrics;
}> {
  if (first === null) return { merged: syncMetrics(), metrics: syncMetrics() };
  const merged = syncMetrics({ batches: 1, merge_ms: Math.round(performance.now() - started) });
  const metrics = addMetrics(first.metrics, merged);
  const batch = { ...first, batches: [first], ids: new Map<string, never>(), metrics };
  const running = await recordMerged(tx, { source_id, run_id, scan_id }, batch);
  return { merged, metrics, running };
}

/** Holds the fence of a source until commit. Returns how the source ended when somebody recorded that meanwhile. */
export async function holdOpened(
  tx: Transaction,
  input: OpenSourceInput,
  fence: number,
): Promise<ClosedSource | null> {
  const isHeld = await holdFence(tx, { ...input, fence });
  return isHeld ? null : readSourceRunEnd(tx, input);
}
