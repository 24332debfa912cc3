import { CancelledFailure } from '@temporalio/common';
import {
  CancellationScope,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  ClosedSource,
  CloseSourceInput,
  EndedAtOnce,
  OpenSourceInput,
  OpenedSource,
  OpenedWithBatch,
} from '../contract/activities.ts';
import { addMetrics, syncMetrics } from '../contract/metrics.ts';
import { NO_EVIDENCE, firstFree } from '../contract/scan.ts';
import type { SourceError, SourceStatus } from '../contract/summary.ts';
import type { ScanState, SyncSourceInput } from '../contract/workflows.ts';
import { activities } from './activities.ts';
import { failureOf, isFailure, sourceError } from './failure.ts';
import { openWindows } from './open-windows.ts';
import { countUnpublished, scanSource } from './scan-source.ts';
import { describeProgress, showEnd } from './source-details.ts';
import { steerSource, type SteeredSource, type Steering } from './steered-source.ts';

/** Scans that one run of a source may give up and begin anew. */
const MAX_SCANS_GIVEN_UP = 5;

/**
 * One source: open → scan in batches → complete cut values → read contents → close; or opened and closed at once, when
 * opening it finds nothing to do. Fails only when it cannot even record its outcome; whatever else goes wrong is a
 * status of the source.
 */
export async function syncSource(input: SyncSourceInput): Promise<ClosedSource> {
  const startedAt = input.carried?.started_at ?? new Date().toISOString();
  let state = input.carried;
  let status: SourceStatus = 'complete';
  let error: SourceError | null = null;
  let cancelled: unknown;
  const scope = new CancellationScope();
  const steering = steerSource(input, scope, (pausedSince) =>
    setCurrentDetails(describeProgress(input, state, pausedSince)),
  );
  const onProgress = (next: ScanState) => {
    state = next;
    setCurrentDetails(describeProgress(input, next, null));
  };
  try {
    const closed = await scope.run(() => syncOpenly(input, steering, startedAt, onProgress));
    if (closed !== null) return showEnd(closed, `nothing was new: closed as it was opened`);
  } catch (thrown) {
    if (isCancellation(thrown)) cancelled = thrown;
    // Thrown by continueAsNew itself: the SDK ends the workflow with it.
    else if (thrown instanceof Error && thrown.name === 'ContinueAsNew') throw thrown;
    status = cancelled ? 'cancelled' : isFailure(thrown, 'Blocked') ? 'incomplete' : 'failed';
    error = cancelled ? null : sourceError(thrown);
  }
  const closed = await CancellationScope.nonCancellable(() =>
    close(closeInput(input, state, { status, error, startedAt })),
  );
  // Who was told to end by a signal was not cancelled in Temporal's sense and cannot end so.
  if (cancelled && CancellationScope.current().consideredCancelled) throw cancelled;
  return closed;
}

/**
 * Opens the source unless it is open, and scans it to its end; `report` gets each state. Returns how it ended when
 * opening it found nothing to do.
 */
async function syncOpenly(
  input: SyncSourceInput,
  steering: Steering,
  startedAt: string,
  report: (state: ScanState) => void,
): Promise<ClosedSource | null> {
  let state = input.carried;
  let ahead: ReadAhead = {};
  const advance = (next: ScanState) => report((state = next));
  const goOnAnew = (carried: ScanState | null) => {
    // A cancellation does not travel: the next run would never hear of one that came in this very task.
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
    // Signals are handled at once, so none is under way when the next run takes over what they said.
    return continueAsNew<typeof syncSource>({ ...input, control: steering.control(), carried });
  };
  if (state === null) {
    await steering.whilePaused();
    if (steering.isPaused()) await goOnAnew(null);
    const how = { give_up_scan: null, started_at: startedAt };
    const answer = await open(input, steering, how);
    if ('closed' in answer) return answer.closed;
    const { first, failure, wait_ms: wait, ...opened } = answer;
    ahead = { first, failure };
    advance(begunState(opened, startedAt));
    if (wait !== undefined) await sleep(wait, { summary: 'the platform named a time' });
  }
  for (;;) {
    const end = await scanOrSetBack(input, steering, state as ScanState, advance, ahead);
    ahead = {};
    if (end === 'continue-as-new') await goOnAnew(state);
    if (end === 'done') return null;
  }
}

/** What opening a source found out of its first batch; nothing in answers of an earlier version. */
type ReadAhead = { readonly [K in 'first' | 'failure']?: OpenedWithBatch[K] | undefined };

const open = (
  input: SyncSourceInput,
  steering: Steering,
  how: Pick<OpenSourceInput, 'give_up_scan' | 'started_at'>,
): Promise<OpenedWithBatch | EndedAtOnce> =>
  activities.openSource(
    how.started_at === undefined
      ? `open ${input.alias} for another scan`
      : `open ${input.alias} and read its first batch`,
    {
      run_id: input.run_id,
      platform: input.platform,
      source_id: input.source_id,
      alias: input.alias,
      options: steering.options(),
      ...how,
    },
  );

function begunState(opened: OpenedSource, startedAt: string): ScanState {
  return {
    opened,
    started_at: startedAt,
    windows: openWindows(opened.windows),
    free_window: firstFree(opened.windows),
    unpublished: [],
    walked: [],
    evidence: NO_EVIDENCE,
    metrics: opened.metrics,
    pending: syncMetrics(),
    truncated_values: opened.truncated_values,
    to_sweep: opened.scan.mode === 'full' || opened.unsettled > 0,
    unread_contents: opened.unread_contents,
    setbacks: 0,
    scans_given_up: 0,
  };
}

/**
 * Scans on. When the scan itself is lost (a cursor that cannot be entered again, properties that changed
 * meanwhile), a new one is opened, at most five times: batches merged before do not count as progress, the new
 * scan reads them again.
 */
async function scanOrSetBack(
  input: SyncSourceInput,
  steering: Steering,
  state: ScanState,
  onProgress: (state: ScanState) => void,
  { first, failure }: ReadAhead,
): Promise<'done' | 'continue-as-new' | 'again'> {
  let latest = state;
  const report = (next: ScanState) => onProgress((latest = next));
  try {
    if (failure !== undefined) throw failureOf(failure);
    return await scanSource(steered(input, steering, state), state, report, first ?? null);
  } catch (thrown) {
    const isLost = isFailure(thrown, 'CursorLost') || isFailure(thrown, 'SchemaChanged');
    if (!isLost || latest.scans_given_up >= MAX_SCANS_GIVEN_UP) throw thrown;
    const opened = await open(input, steering, { give_up_scan: latest.opened.scan.scan_id });
    // Somebody else recorded how it ended: closing it answers with that.
    if ('closed' in opened) return 'done';
    const begun = begunState(opened, state.started_at);
    onProgress({
      ...begun,
      metrics: addMetrics(countUnpublished(latest), begun.metrics),
      scans_given_up: latest.scans_given_up + 1,
    });
    return 'again';
  }
}

function steered(input: SyncSourceInput, steering: Steering, state: ScanState): SteeredSource {
  return {
    ...steering,
    current: () => ({
      source_id: input.source_id,
      alias: input.alias,
      run_id: input.run_id,
      platform: input.platform,
      fence: state.opened.fence,
      scan: state.opened.scan,
      options: steering.options(),
    }),
  };
}

async function close(input: CloseSourceInput): Promise<ClosedSource> {
  const closed = await activities.closeSource(`close ${input.alias}: ${input.status}`, input);
  return showEnd(closed);
}

function closeInput(
  input: SyncSourceInput,
  state: ScanState | null,
  end: { status: SourceStatus; error: SourceError | null; startedAt: string },
): CloseSourceInput {
  return {
    source_id: input.source_id,
    alias: input.alias,
    run_id: input.run_id,
    platform: input.platform,
    workflow_id: workflowInfo().workflowId,
    options: input.options,
    fence: state?.opened.fence ?? null,
    scan: state?.opened.scan ?? null,
    status: end.status,
    evidence: state?.evidence ?? NO_EVIDENCE,
    metrics: state === null ? syncMetrics() : addMetrics(state.metrics, state.pending),
    started_at: end.startedAt,
    error: end.error,
  };
}
