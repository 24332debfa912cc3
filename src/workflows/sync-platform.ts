import { CancelledFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  isCancellation,
  patched,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
  type ChildWorkflowOptions,
} from '@temporalio/workflow';
import type { ClosedSource, ResolvedSource, SourceKey } from '../contract/activities.ts';
import { NO_CONTROL, type RunControl } from '../contract/control.ts';
import { CREDENTIAL_FAILURES } from '../contract/failures.ts';
import { syncMetrics } from '../contract/metrics.ts';
import { WORKFLOW_TYPES } from '../contract/names.ts';
import {
  addOutcome,
  countSources,
  emptyOutcome,
  runStatus,
  type Outcome,
} from '../contract/verdict.ts';
import type { SourceError } from '../contract/summary.ts';
import type { SyncPlatformInput, SyncSourceInput } from '../contract/workflows.ts';
import { activities } from './activities.ts';
import { aboutSource, closeInstead, dropOne } from './close-instead.ts';
import { sourceError } from './failure.ts';
import { controlSignal } from './line.ts';
import { pauseLines } from './pause-lines.ts';
import { searchAttributes, setStatusAttribute } from './search-attributes.ts';
import { SourcePool, type Place } from './source-pool.ts';
import type { syncSource } from './sync-source.ts';

/**
 * The sources of one platform, at most `max_concurrent` at a time. One that fails, or is cancelled by itself,
 * never stops its siblings. Cancelled as a whole, it waits until each source at work has closed itself.
 * The run tells it how people steer it, and it tells its sources.
 */
export async function syncPlatform(input: SyncPlatformInput): Promise<Outcome> {
  const startedAt = new Date().toISOString();
  let control = input.control ?? NO_CONTROL;
  let outcome = emptyOutcome();
  // Credentials that one source found refused: the others of that account neither ask nor complain again.
  const refused = new Map<string, SourceError>();
  // Histories of earlier versions began them all the same. Asked once, at the start: it holds for the whole history.
  const stopsRefused = patched('a refused account begins no more sources');
  const count = (source: ResolvedSource, closed: ClosedSource) => {
    outcome = addOutcome(outcome, outcomeOf(source, closed));
    const { account } = source;
    if (stopsRefused && account !== undefined && closed.error !== null && isRefused(closed)) {
      refused.set(account, closed.error);
    }
    setCurrentDetails(describe(input, outcome, control));
  };
  const pool = new SourcePool(input.sources, {
    control: () => control,
    limit: () => control.settings.max_concurrent ?? input.options.max_concurrent,
    rateLimit: () => control.settings.rate_limit ?? input.options.rate_limit,
    work: async (source, place) =>
      count(source, await syncOne(input, source, place).catch(unrecorded)),
    isDropped: ({ alias, account }) =>
      control.cancelled_sources.includes(alias) || refused.has(account ?? ''),
    drop: async (source) => {
      const isCancelled = control.cancelled_sources.includes(source.alias);
      const error = isCancelled ? undefined : refused.get(source.account ?? '');
      count(source, await dropOne(input, source, error).catch(unrecorded));
    },
  });
  setHandler(
    controlSignal<RunControl>(),
    (next) => {
      if (next.revision <= control.revision) return;
      const isChanged = (next.paused_since === null) !== (control.paused_since === null);
      control = next;
      if (isChanged) setStatusAttribute(next.paused_since === null ? 'running' : 'paused');
      setCurrentDetails(describe(input, outcome, control));
      pool.adjust();
    },
    { description: 'How the run is steered: pauses, cancelled sources and settings' },
  );
  const cancelled = await pool.ended().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  await CancellationScope.nonCancellable(() => record(input, outcome, cancelled, startedAt));
  if (cancelled !== undefined) throw cancelled;
  return outcome;
}

async function record(
  input: SyncPlatformInput,
  outcome: Outcome,
  cancelled: unknown,
  started_at: string,
): Promise<void> {
  const status = cancelled === undefined ? runStatus(outcome) : 'cancelled';
  await activities.recordPlatform(`record ${input.platform}: ${status}`, {
    run_id: input.run_id,
    platform: input.platform,
    workflow_id: workflowInfo().workflowId,
    status,
    outcome,
    started_at,
  });
  setStatusAttribute(status);
}

function describe(input: SyncPlatformInput, outcome: Outcome, control: RunControl): string {
  const done = `${countSources(outcome)} of ${input.sources.length} sources done`;
  return [...pauseLines(control), done].join('\n\n');
}

/** Not even the outcome could be recorded: the siblings go on all the same. */
function unrecorded(thrown: unknown): ClosedSource {
  if (CancellationScope.current().consideredCancelled && isCancellation(thrown)) throw thrown;
  const error = sourceError(thrown);
  return { status: 'failed', mode: null, certified: false, metrics: syncMetrics(), error };
}

async function syncOne(
  input: SyncPlatformInput,
  source: SourceKey,
  { scope, line }: Pick<Place, 'scope' | 'line'>,
): Promise<ClosedSource> {
  const about = aboutSource(input, source);
  const child: SyncSourceInput = {
    source_id: source.source_id,
    alias: source.alias,
    run_id: input.run_id,
    platform: input.platform,
    options: input.options,
    carried: null,
    control: line.first,
  };
  const options: ChildWorkflowOptions = {
    workflowId: about.workflow_id,
    // A run that ends must not kill a batch midway: the source is asked to stop and closes itself.
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary: `${input.platform}: ${source.alias}`,
    typedSearchAttributes: searchAttributes({
      AppsyncPlatform: input.platform,
      AppsyncSource: source.alias,
      AppsyncStatus: 'running',
    }),
  };
  try {
    const closed = await scope.run(async () => {
      const started = await startChild<typeof syncSource>(WORKFLOW_TYPES.source, {
        ...options,
        args: [child],
      });
      line.connect(started);
      return started.result();
    });
    const isWhole = CancellationScope.current().consideredCancelled;
    if (isWhole && closed.status === 'cancelled') throw new CancelledFailure('cancelled');
    return closed;
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

/** Whether it was the account's credentials: then every source of the account would end so. */
const isRefused = ({ status, error }: ClosedSource) =>
  status === 'failed' && CREDENTIAL_FAILURES.some((type) => type === error?.type);

function outcomeOf(source: SourceKey, closed: ClosedSource): Outcome {
  const none = emptyOutcome();
  return {
    statuses: { ...none.statuses, [closed.status]: 1 },
    unauthorized: isRefused(closed) ? 1 : 0,
    metrics: closed.metrics,
    failures: closed.error === null ? [] : [{ alias: source.alias, error: closed.error }],
  };
}
