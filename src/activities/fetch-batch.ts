import { Context, cancellationSignal } from '@temporalio/activity';
import type { FetchBatchInput, StagedBatch } from '../contract/activities.ts';
import { customCountsProblem } from '../contract/metrics.ts';
import { openedProblem } from '../contract/scan.ts';
import { SyncFailure } from '../errors.ts';
import { readColumns, readSource } from '../store/sources.ts';
import { stageRecords, stageRejected } from '../store/staging.ts';
import { unchangedIds } from '../store/unchanged-records.ts';
import { connectSource } from './connect-account.ts';
import type { Dependencies } from './dependencies.ts';
import { withHeartbeat } from './running.ts';

/** An activity ends early after this: a large batch at a slow rate is several short ones. */
const TIME_SLICE_MS = 45_000;

/**
 * Fetches one batch from the platform, converts it and copies it into staging under this attempt's name.
 * Changes nothing that is visible: a second attempt, or a late zombie, stages rows that nobody merges
 * unless the workflow was told of exactly that attempt.
 */
export function fetchBatch(deps: Dependencies, input: FetchBatchInput): Promise<StagedBatch> {
  return withHeartbeat(async (meter) => {
    const started = performance.now();
    const { info } = Context.current();
    const { source: opened, window, free_window } = input;
    const [source, columns] = await Promise.all([
      readSource(deps.db, opened.source_id),
      readColumns(deps.db, opened.source_id),
    ]);
    const { platform, session, ref } = await connectSource(deps, source, opened, meter);
    const { records, rejected, windows, evidence, counts } = await session.fetchBatch({
      ref,
      mode: opened.scan.mode,
      since: opened.scan.since,
      version: opened.scan.version,
      columns,
      window,
      free_window,
      max_records: opened.options.batch_size * (platform.batch_factor ?? 1),
      isTimeUp: () => performance.now() - started > TIME_SLICE_MS,
    });
    refuse(platform.title, openedProblem(window.window, free_window, windows));
    if (counts !== undefined) refuse(platform.title, customCountsProblem(counts));
    const attempt = `${info.workflowExecution?.runId ?? ''}/${info.activityId}/${info.attempt}`;
    const key = { scan_id: opened.scan.scan_id, attempt };
    const unchanged = await unchangedIds(deps.db, source, records);
    await stageRecords(deps.db, key, columns, records, cancellationSignal(), unchanged);
    await stageRejected(deps.db, key, rejected, records.length);
    meter.count({
      bytes: [...records, ...rejected].reduce((sum, record) => sum + record.raw.length, 0),
      fetch_ms: Math.round(performance.now() - started),
      ...(counts === undefined ? {} : { custom: counts }),
    });
    return {
      window: window.window,
      batch: window.next_batch,
      attempt,
      rows: records.length + rejected.length,
      windows,
      evidence: { ...evidence, rows: records.length },
      metrics: meter.total(),
    };
  });
}

function refuse(title: string, problem: string | null): void {
  if (problem !== null) throw new SyncFailure('InvalidAnswer', `${title} gave ${problem}`);
}
