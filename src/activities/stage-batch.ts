import { CancelledFailure, Context, cancellationSignal } from '@temporalio/activity';
import type { StagedBatch } from '../contract/activities.ts';
import { addMetrics, customCountsProblem } from '../contract/metrics.ts';
import type { SyncOptions } from '../contract/options.ts';
import { openedProblem, type ScanIdentity, type ScanWindow } from '../contract/scan.ts';
import type { Column } from '../contract/schema.ts';
import { SyncFailure } from '../errors.ts';
import type { Database } from '../store/database.ts';
import type { SourceRow } from '../store/sources.ts';
import { stageRecords, stageRejected } from '../store/staging.ts';
import { unchangedIds } from '../store/unchanged-records.ts';
import type { ConnectedSource } from './connect-account.ts';
import type { Meter } from './running.ts';

/** An activity ends early after this: a large batch at a slow rate is several short ones. */
const TIME_SLICE_MS = 45_000;

/**
 * A step of a workflow costs 20 ms here and 100 ms elsewhere, whatever it does: an activity that was quicker than this
 * reads on. At the platforms' own pace a single request takes as long.
 */
const WORTH_A_STEP_MS = 300;
/** So many batches at most, so that neither its answer nor a merge grows without end. */
const MOST_BATCHES = 10;

/** Where a batch is read from, and as what. */
export interface ReadSource {
  readonly source: SourceRow;
  readonly columns: readonly Column[];
  readonly connected: ConnectedSource;
  readonly scan: ScanIdentity;
  readonly options: SyncOptions;
}

/** Where a batch begins. */
interface From {
  readonly window: ScanWindow;
  readonly free_window: number;
}

/**
 * Stages a batch and, as long as that takes less time than a step of the workflow is worth, those that follow it in
 * its window. One of these that fails fails for the next activity again: what was staged is kept, and what it counted.
 */
export async function stageBatches(
  db: Database,
  source: ReadSource,
  from: From,
  meter: Meter,
): Promise<StagedBatch> {
  const started = performance.now();
  const first = await stageBatch(db, source, from, meter);
  const further: StagedBatch[] = [];
  for (let window = nextOf(first); window !== null;) {
    if (performance.now() - started > WORTH_A_STEP_MS || further.length + 1 >= MOST_BATCHES) break;
    try {
      const next = await stageBatch(db, source, { ...from, window }, meter);
      further.push(next);
      window = nextOf(next);
    } catch (error) {
      if (error instanceof CancelledFailure || cancellationSignal().aborted) throw error;
      break;
    }
  }
  const metrics = addMetrics(first.metrics, meter.lap());
  return { ...first, metrics, ...(further.length === 0 ? {} : { further }) };
}

/** The window that a batch left open, unless it opened others, too: these are read side by side. */
function nextOf({ windows }: StagedBatch): ScanWindow | null {
  const [window] = windows;
  return window === undefined || windows.length > 1 || window.done ? null : window;
}

/**
 * Reads on from a window, converts the records and copies them into staging under the name of the attempt at hand.
 * Changes nothing that is visible: a second attempt, or a late zombie, stages rows that nobody merges unless the
 * workflow was told of exactly that attempt. The batch has what was counted since the meter's last lap.
 */
export async function stageBatch(
  db: Database,
  { source, columns, connected, scan, options }: ReadSource,
  { window, free_window }: From,
  meter: Meter,
): Promise<StagedBatch> {
  const started = performance.now();
  const { platform, session, ref } = connected;
  const { records, rejected, windows, evidence, counts } = await session.fetchBatch({
    ref,
    mode: scan.mode,
    since: scan.since,
    version: scan.version,
    columns,
    window,
    free_window,
    max_records: options.batch_size * (platform.batch_factor ?? 1),
    isTimeUp: () => performance.now() - started > TIME_SLICE_MS,
  });
  refuse(platform.title, openedProblem(window.window, free_window, windows));
  if (counts !== undefined) refuse(platform.title, customCountsProblem(counts));
  const key = { scan_id: scan.scan_id, attempt: attemptName(window) };
  const unchanged = await unchangedIds(db, source, records);
  await stageRecords(db, key, columns, records, cancellationSignal(), unchanged);
  await stageRejected(db, key, rejected, records.length);
  meter.count({
    bytes: [...records, ...rejected].reduce((sum, record) => sum + record.raw.length, 0),
    fetch_ms: Math.round(performance.now() - started),
    ...(counts === undefined ? {} : { custom: counts }),
  });
  return {
    window: window.window,
    batch: window.next_batch,
    attempt: key.attempt,
    rows: records.length + rejected.length,
    windows,
    evidence: { ...evidence, rows: records.length },
    metrics: meter.lap(),
  };
}

/** The batches of one activity are told by their numbers. */
function attemptName({ next_batch }: ScanWindow): string {
  const { workflowExecution, activityId, attempt } = Context.current().info;
  return `${workflowExecution?.runId ?? ''}/${activityId}/${attempt}/${next_batch}`;
}

function refuse(title: string, problem: string | null): void {
  if (problem !== null) throw new SyncFailure('InvalidAnswer', `${title} gave ${problem}`);
}
