import {
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  allHandlersFinished,
  condition,
  isCancellation,
  startChild,
} from '@temporalio/workflow';
import type { ResolvedSource, ResolvedSources } from '../contract/activities.ts';
import { WORKFLOW_TYPES, platformWorkflowId } from '../contract/names.ts';
import type { RunStatus, SourceError } from '../contract/summary.ts';
import { targetName } from '../contract/target.ts';
import {
  addOutcome,
  countSources,
  emptyOutcome,
  runStatus,
  type Outcome,
} from '../contract/verdict.ts';
import type { SyncPlatformInput, SyncRunInput, SyncRunResult } from '../contract/workflows.ts';
import { activities } from './activities.ts';
import { sourceError } from './failure.ts';
import { openLine } from './line.ts';
import { steerRun, type RunSteering } from './run-steering.ts';
import { searchAttributes, setStatusAttribute } from './search-attributes.ts';
import type { syncPlatform } from './sync-platform.ts';

/** About 10 events per source: 300 keep a platform's history under 4,096, so it never has to continue as new. */
const SOURCES_PER_PLATFORM_WORKFLOW = 300;

/**
 * One request to sync a target: finds its sources, runs a child per platform, records the verdict.
 * Platforms run side by side, and one that fails never stops the others; the parts of one large platform
 * run one after the other, so that `max_concurrent` holds for the platform as a whole.
 */
export async function syncRun(input: SyncRunInput): Promise<SyncRunResult> {
  const steering = steerRun(input.run_id);
  let outcome = emptyOutcome();
  let error: SourceError | null = null;
  let cancelled: unknown;
  const ended: PartEnd = {
    finished: (part) => {
      outcome = addOutcome(outcome, part);
      steering.describe(describeOutcome(outcome));
    },
    failed: (thrown) => {
      if (isCancelled(thrown)) cancelled = thrown;
      error ??= sourceError(thrown);
    },
  };
  try {
    const found = await activities.resolveSources(`resolve ${targetName(input.target)}`, {
      run_id: input.run_id,
      target: input.target,
      filters: input.filters,
    });
    steering.know(found);
    await Promise.all(
      found.platforms.map((platform) => syncInParts(input, steering, platform, ended)),
    );
  } catch (thrown) {
    ended.failed(thrown);
  }
  const status = cancelled ? 'cancelled' : verdict(outcome, error);
  const result: SyncRunResult = { run_id: input.run_id, status, outcome, error };
  steering.end();
  await CancellationScope.nonCancellable(async () => {
    await activities.recordRun(`record run: ${status}`, result);
    setStatusAttribute(status);
    // Who asked for something in the last moment is answered, too.
    await condition(allHandlersFinished);
  });
  if (cancelled) throw cancelled;
  return result;
}

/** A platform's workflow that somebody cancelled by itself is no cancelled run. */
const isCancelled = (thrown: unknown) =>
  CancellationScope.current().consideredCancelled && isCancellation(thrown);

/** Sources that an error kept from being counted are not complete. */
function verdict(outcome: Outcome, error: SourceError | null): RunStatus {
  if (error === null) return runStatus(outcome);
  return outcome.statuses.complete > 0 ? 'partial' : 'failed';
}

interface PartEnd {
  finished(part: Outcome): void;
  failed(thrown: unknown): void;
}

/** Never throws: the other platforms are waited for, whatever becomes of this one. */
async function syncInParts(
  input: SyncRunInput,
  steering: RunSteering,
  { platform, sources }: ResolvedSources['platforms'][number],
  ended: PartEnd,
): Promise<void> {
  for (const [part, keys] of inParts(sources).entries()) {
    try {
      await condition(() => steering.control().paused_since === null);
      ended.finished(await syncPart(input, steering, platform, part, keys));
    } catch (thrown) {
      ended.failed(thrown);
      if (isCancelled(thrown)) return;
    }
  }
}

async function syncPart(
  input: SyncRunInput,
  steering: RunSteering,
  platform: string,
  part: number,
  sources: readonly ResolvedSource[],
): Promise<Outcome> {
  const { run_id, installation, options } = input;
  const line = openLine(steering.control());
  const control = line.first;
  const child: SyncPlatformInput = { run_id, installation, platform, sources, options, control };
  const membership = steering.join(line);
  try {
    const started = await startChild<typeof syncPlatform>(WORKFLOW_TYPES.platform, {
      workflowId: platformWorkflowId(installation, run_id, platform, part),
      args: [child],
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `${platform}: ${sources.length} sources`,
      typedSearchAttributes: searchAttributes({
        AppsyncPlatform: platform,
        AppsyncTarget: targetName(input.target),
        AppsyncStatus: 'running',
      }),
    });
    line.connect(started);
    return await started.result();
  } finally {
    membership.leave();
  }
}

function inParts(sources: readonly ResolvedSource[]): ResolvedSource[][] {
  const parts: ResolvedSource[][] = [];
  for (let from = 0; from < sources.length; from += SOURCES_PER_PLATFORM_WORKFLOW) {
    parts.push(sources.slice(from, from + SOURCES_PER_PLATFORM_WORKFLOW));
  }
  return parts;
}

function describeOutcome(outcome: Outcome): string {
  const { metrics, statuses, failures } = outcome;
  const lines = [
    `**${countSources(outcome)} sources done**: ${statuses.complete} complete, ${statuses.incomplete} incomplete, ${statuses.failed} failed, ${statuses.skipped} skipped`,
    `${metrics.read} records read, ${metrics.inserted} new, ${metrics.updated} changed, ${metrics.requests} requests`,
    ...failures.map(({ alias, error }) => `- ${alias}: ${error.message}`),
  ];
  return lines.join('\n\n');
}
