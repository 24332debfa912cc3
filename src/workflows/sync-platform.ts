import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  executeChild,
  isCancellation,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  ClosedSource,
  CloseSourceInput,
  RecordSkippedInput,
  SourceKey,
} from '../contract/activities.ts';
import { CREDENTIAL_FAILURES } from '../contract/failures.ts';
import { syncMetrics } from '../contract/metrics.ts';
import { WORKFLOW_TYPES, sourceWorkflowId } from '../contract/names.ts';
import { NO_EVIDENCE } from '../contract/scan.ts';
import {
  addOutcome,
  countSources,
  emptyOutcome,
  runStatus,
  type Outcome,
} from '../contract/verdict.ts';
import type { SyncPlatformInput, SyncSourceInput } from '../contract/workflows.ts';
import { activities } from './activities.ts';
import { sourceError } from './failure.ts';
import { searchAttributes, setStatusAttribute } from './search-attributes.ts';

/**
 * The sources of one platform, at most `max_concurrent` at a time. One that fails, or is cancelled by itself,
 * never stops its siblings. Cancelled as a whole, it waits until each source at work has closed itself.
 */
export async function syncPlatform(input: SyncPlatformInput): Promise<Outcome> {
  const startedAt = new Date().toISOString();
  const queue = [...input.sources];
  let outcome = emptyOutcome();
  const work = async () => {
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
      const closed = await syncOne(input, source).catch(unrecorded);
      outcome = addOutcome(outcome, outcomeOf(source, closed));
      setCurrentDetails(`${countSources(outcome)} of ${input.sources.length} sources done`);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: input.options.max_concurrent }, work));
  const cancelled: unknown = ends.find((end) => end.status === 'rejected')?.reason;
  const status = cancelled ? 'cancelled' : runStatus(outcome);
  await CancellationScope.nonCancellable(async () => {
    await activities.recordPlatform(`record ${input.platform}: ${status}`, {
      run_id: input.run_id,
      platform: input.platform,
      workflow_id: workflowInfo().workflowId,
      status,
      outcome,
      started_at: startedAt,
    });
    setStatusAttribute(status);
  });
  if (cancelled) throw cancelled;
  return outcome;
}

/** Not even the outcome could be recorded: the siblings go on all the same. */
function unrecorded(thrown: unknown): ClosedSource {
  if (CancellationScope.current().consideredCancelled && isCancellation(thrown)) throw thrown;
  const error = sourceError(thrown);
  return { status: 'failed', mode: null, certified: false, metrics: syncMetrics(), error };
}

async function syncOne(input: SyncPlatformInput, source: SourceKey): Promise<ClosedSource> {
  const workflowId = sourceWorkflowId(input.installation, source.alias);
  const about = {
    ...source,
    run_id: input.run_id,
    platform: input.platform,
    workflow_id: workflowId,
  };
  const child: SyncSourceInput = {
    ...source,
    run_id: input.run_id,
    platform: input.platform,
    options: input.options,
    carried: null,
  };
  try {
    return await executeChild(WORKFLOW_TYPES.source, {
      workflowId,
      args: [child],
      // A run that ends must not kill a batch midway: the source is asked to stop and closes itself.
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `${input.platform}: ${source.alias}`,
      typedSearchAttributes: searchAttributes({
        AppsyncPlatform: input.platform,
        AppsyncSource: source.alias,
        AppsyncStatus: 'running',
      }),
    });
  } catch (thrown) {
    if (CancellationScope.current().consideredCancelled && isCancellation(thrown)) throw thrown;
    // A child start cannot join one that runs: the server answers "already started" (fixed in the API).
    if (thrown instanceof WorkflowExecutionAlreadyStartedError) {
      return activities.recordSkipped(`${source.alias} is being synced by another run`, about);
    }
    const status = isCancellation(thrown) ? 'cancelled' : 'failed';
    return closeInstead(input, about, { status, error: sourceError(thrown) });
  }
}

type Ending = Pick<ClosedSource, 'status' | 'error'>;

/** Records the end of a source whose workflow did not; the record that it made itself stands. */
function closeInstead(
  { options }: SyncPlatformInput,
  about: RecordSkippedInput,
  ending: Ending,
): Promise<ClosedSource> {
  const input: CloseSourceInput = {
    ...about,
    ...ending,
    options,
    fence: null,
    scan: null,
    evidence: NO_EVIDENCE,
    metrics: syncMetrics(),
    started_at: new Date().toISOString(),
  };
  return CancellationScope.nonCancellable(() =>
    activities.closeSource(`${about.alias}: its workflow ended`, input),
  );
}

function outcomeOf(source: SourceKey, closed: ClosedSource): Outcome {
  const none = emptyOutcome();
  const unauthorized =
    closed.status === 'failed' && CREDENTIAL_FAILURES.some((type) => type === closed.error?.type);
  return {
    statuses: { ...none.statuses, [closed.status]: 1 },
    unauthorized: unauthorized ? 1 : 0,
    metrics: closed.metrics,
    failures: closed.error === null ? [] : [{ alias: source.alias, error: closed.error }],
  };
}
