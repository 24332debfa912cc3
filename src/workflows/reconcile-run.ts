import {
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  condition,
  continueAsNew,
  executeChild,
  isCancellation,
  setCurrentDetails,
} from '@temporalio/workflow';
import type { ResolvedSource, ResolvedSources, SourceKey } from '../contract/activities.ts';
import { CREDENTIAL_FAILURES } from '../contract/failures.ts';
import { syncMetrics } from '../contract/metrics.ts';
import { WORKFLOW_TYPES, comparisonWorkflowId } from '../contract/names.ts';
import {
  addTally,
  driftOf,
  NO_DRIFT,
  type ClosedComparison,
  type ReconcileRunInput,
  type ReconcileRunResult,
  type ReconcileSourceInput,
  type ReconcileState,
} from '../contract/reconciliation.ts';
import type { RunStatus, SourceError } from '../contract/summary.ts';
import { targetName } from '../contract/target.ts';
import {
  addOutcome,
  countSources,
  emptyOutcome,
  runStatus,
  type Outcome,
} from '../contract/verdict.ts';
import { activities } from './activities.ts';
import { sourceError } from './failure.ts';
import { isHistoryLong } from './history-length.ts';
import { hasTurn } from './turns.ts';
import { searchAttributes, setStatusAttribute } from './search-attributes.ts';

/**
 * One request to compare a target with its tables: at most `max_concurrent` sources at a time, a child for each.
 * One that fails never stops the others. With a long history it waits for its children and continues as new.
 */
export async function reconcileRun(input: ReconcileRunInput): Promise<ReconcileRunResult> {
  let state: ReconcileState = input.carried ?? {
    queue: [],
    outcome: emptyOutcome(),
    tally: NO_DRIFT,
  };
  let error: SourceError | null = null;
  let cancelled: unknown;
  try {
    if (input.carried === null) state = { ...state, queue: await resolve(input) };
    state = await reconcileAll(input, state, (next) => (state = next));
    if (state.queue.length > 0)
      await continueAsNew<typeof reconcileRun>({ ...input, carried: state });
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === 'ContinueAsNew') throw thrown;
    if (CancellationScope.current().consideredCancelled && isCancellation(thrown))
      cancelled = thrown;
    error = cancelled ? null : sourceError(thrown);
  }
  const { outcome, tally } = state;
  const status = cancelled ? 'cancelled' : verdict(outcome, error);
  await CancellationScope.nonCancellable(async () => {
    const { run_id } = input;
    await activities.recordReconciliation(`record: ${status}`, { run_id, status, error });
    setStatusAttribute(status);
  });
  if (cancelled) throw cancelled;
  return { run_id: input.run_id, status, outcome, tally, error };
}

async function resolve({ run_id, target, filters }: ReconcileRunInput) {
  const resolved = await activities.resolveSources(`resolve ${targetName(target)}`, {
    run_id,
    target,
    filters,
  });
  return resolved.platforms;
}

/** Sources that an error kept from being counted are not complete. */
function verdict(outcome: Outcome, error: SourceError | null): RunStatus {
  if (error === null) return runStatus(outcome);
  return outcome.statuses.complete > 0 ? 'partial' : 'failed';
}

interface Queued extends ResolvedSource {
  readonly platform: string;
}

/** Returns the state with what is left in its queue: something only when the history has become long. */
async function reconcileAll(
  input: ReconcileRunInput,
  from: ReconcileState,
  report: (state: ReconcileState) => void,
): Promise<ReconcileState> {
  let state = from;
  const queue: Queued[] = from.queue.flatMap(({ platform, sources }) =>
    sources.map((source) => ({ ...source, platform })),
  );
  const count = from.queue.reduce((sum, { sources }) => sum + sources.length, 0);
  const atWork = new Set<Queued>();
  const hasRoom = (source: Queued) => hasTurn(source, [...atWork], input.options.rate_limit);
  const work = async () => {
    for (;;) {
      await condition(() => queue.length === 0 || queue.some(hasRoom) || isHistoryLong());
      if (queue.length === 0 || isHistoryLong()) return;
      // Several wait for the same place.
      const source = queue.find(hasRoom);
      if (source === undefined) continue;
      queue.splice(queue.indexOf(source), 1);
      atWork.add(source);
      const closed = await reconcileOne(input, source).finally(() => atWork.delete(source));
      state = {
        ...state,
        outcome: addOutcome(state.outcome, outcomeOf(source, closed)),
        tally: addTally(state.tally, closed.tally),
      };
      report(state);
      setCurrentDetails(
        `${countSources(state.outcome)} of ${count} sources compared, ${driftOf(state.tally)} records drifted`,
      );
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: input.options.max_concurrent }, work));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return { ...state, queue: byPlatform(queue) };
}

function byPlatform(queue: readonly Queued[]): ResolvedSources['platforms'] {
  const names = [...new Set(queue.map(({ platform }) => platform))];
  return names.map((platform) => ({
    platform,
    sources: queue.filter((source) => source.platform === platform),
  }));
}

/** Throws only when the whole reconciliation is cancelled. */
async function reconcileOne(input: ReconcileRunInput, source: Queued): Promise<ClosedComparison> {
  const workflowId = comparisonWorkflowId(input.installation, input.run_id, source.alias);
  const key = { ...source, run_id: input.run_id };
  const { options, choice } = input;
  const child: ReconcileSourceInput = { ...key, options, choice, carried: null };
  try {
    return await executeChild(WORKFLOW_TYPES.comparison, {
      workflowId,
      args: [child],
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `compare ${source.alias}`,
      typedSearchAttributes: searchAttributes({
        AppsyncPlatform: source.platform,
        AppsyncSource: source.alias,
        AppsyncStatus: 'running',
      }),
    });
  } catch (thrown) {
    if (CancellationScope.current().consideredCancelled && isCancellation(thrown)) throw thrown;
    return closeInstead(workflowId, key, thrown);
  }
}

/** Records the end of a source whose workflow did not; when not even that works, the siblings go on all the same. */
async function closeInstead(
  workflow_id: string,
  key: Queued & { readonly run_id: string },
  thrown: unknown,
): Promise<ClosedComparison> {
  const status = isCancellation(thrown) ? 'cancelled' : 'failed';
  const end = { status, error: sourceError(thrown), requests: 0 } as const;
  try {
    return await CancellationScope.nonCancellable(() =>
      activities.closeComparison(`${key.alias}: its workflow ended`, {
        ...key,
        ...end,
        workflow_id,
        pass: 0,
        gaps: [],
      }),
    );
  } catch {
    return { ...end, tally: NO_DRIFT };
  }
}

function outcomeOf(source: SourceKey, closed: ClosedComparison): Outcome {
  const none = emptyOutcome();
  const unauthorized =
    closed.status === 'failed' && CREDENTIAL_FAILURES.some((type) => type === closed.error?.type);
  return {
    statuses: { ...none.statuses, [closed.status]: 1 },
    unauthorized: unauthorized ? 1 : 0,
    metrics: syncMetrics({ read: closed.tally.checked, requests: closed.requests }),
    failures: closed.error === null ? [] : [{ alias: source.alias, error: closed.error }],
  };
}
