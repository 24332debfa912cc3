import {
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  executeChild,
  isCancellation,
  setCurrentDetails,
} from '@temporalio/workflow';
import type { ResolvedSources, SourceKey } from '../contract/activities.ts';
import { WORKFLOW_TYPES, platformWorkflowId } from '../contract/names.ts';
import type { SourceError } from '../contract/summary.ts';
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
import { searchAttributes, setStatusAttribute } from './search-attributes.ts';

/** About 10 events per source: 300 keep a platform's history under 4,096, so it never has to continue as new. */
const SOURCES_PER_PLATFORM_WORKFLOW = 300;

/**
 * One request to sync a target: finds its sources, runs a child per platform, records the verdict.
 * Platforms run side by side; the parts of one large platform one after the other, so that
 * `max_concurrent` holds for the platform as a whole.
 */
export async function syncRun(input: SyncRunInput): Promise<SyncRunResult> {
  let outcome = emptyOutcome();
  let error: SourceError | null = null;
  let cancelled: unknown;
  const finished = (part: Outcome) => {
    outcome = addOutcome(outcome, part);
    setCurrentDetails(describeOutcome(outcome));
  };
  try {
    const { platforms } = await activities.resolveSources(`resolve ${targetName(input.target)}`, {
      run_id: input.run_id,
      target: input.target,
      filters: input.filters,
    });
    await Promise.all(platforms.map((platform) => syncInParts(input, platform, finished)));
  } catch (thrown) {
    if (isCancellation(thrown)) cancelled = thrown;
    error = sourceError(thrown);
  }
  const status = cancelled ? 'cancelled' : error ? 'failed' : runStatus(outcome);
  const result: SyncRunResult = { run_id: input.run_id, status, outcome, error };
  await CancellationScope.nonCancellable(async () => {
    await activities.recordRun(`record run: ${status}`, result);
    setStatusAttribute(status);
  });
  if (cancelled) throw cancelled;
  return result;
}

async function syncInParts(
  input: SyncRunInput,
  { platform, sources }: ResolvedSources['platforms'][number],
  finished: (part: Outcome) => void,
): Promise<void> {
  for (const [part, keys] of inParts(sources).entries()) {
    const child: SyncPlatformInput = {
      run_id: input.run_id,
      installation: input.installation,
      platform,
      sources: keys,
      options: input.options,
    };
    const outcome: Outcome = await executeChild(WORKFLOW_TYPES.platform, {
      workflowId: platformWorkflowId(input.installation, input.run_id, platform, part),
      args: [child],
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `${platform}: ${keys.length} sources`,
      typedSearchAttributes: searchAttributes({
        AppsyncPlatform: platform,
        AppsyncTarget: targetName(input.target),
        AppsyncStatus: 'running',
      }),
    });
    finished(outcome);
  }
}

function inParts(sources: readonly SourceKey[]): SourceKey[][] {
  const parts: SourceKey[][] = [];
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
