import { Context, cancellationSignal } from '@temporalio/activity';
import type { StagedBatch } from '../contract/activities.ts';
import { customCountsProblem } from '../contract/metrics.ts';
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

/** Where a batch is read from, and as what. */
export interface ReadSource {
  readonly source: SourceRow;
  readonly columns: readonly Column[];
  readonly connected: ConnectedSource;
  readonly scan: ScanIdentity;
  readonly options: SyncOptions;
}

/**
 * Reads on from a window, converts the records and copies them into staging under the name of the attempt at hand.
 * Changes nothing that is visible: a second attempt, or a late zombie, stages rows that nobody merges unless the
 * workflow was told of exactly that attempt. The batch has what was counted since the meter's last lap.
 */
export async function stageBatch(
  db: Database,
  { source, columns, connected, scan, options }: ReadSource,
  { window, free_window }: { readonly window: ScanWindow; readonly free_window: number },
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
  const key = { scan_id: scan.scan_id, attempt: attemptName() };
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

function attemptName(): string {
  const { workflowExecution, activityId, attempt } = Context.current().info;
  return `${workflowExecution?.runId ?? ''}/${activityId}/${attempt}`;
}

function refuse(title: string, problem: string | null): void {
  if (problem !== null) throw new SyncFailure('InvalidAnswer', `${title} gave ${problem}`);
}
