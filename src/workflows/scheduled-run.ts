import { ParentClosePolicy, startChild, uuid4 } from '@temporalio/workflow';
import { WORKFLOW_TYPES, runWorkflowId } from '../contract/names.ts';
import { newRunId } from '../contract/run-id.ts';
import { targetName } from '../contract/target.ts';
import type { ScheduledRunInput, ScheduledRunResult, SyncRunInput } from '../contract/workflows.ts';
import { activities } from './activities.ts';
import { searchAttributes } from './search-attributes.ts';
import type { syncRun } from './sync-run.ts';

/**
 * What a schedule starts: a run of what is due, which lives on by itself. This workflow ends at once, so a run
 * that takes long, pauses or is stuck never keeps the schedule from its next time; sources that a run is at are
 * not due. While no worker is there, one of these waits and the schedule's further times are passed over.
 */
export async function startScheduledRun(input: ScheduledRunInput): Promise<ScheduledRunResult> {
  const { schedule, installation, target, filters, options } = input;
  const run_id = newRunId(Date.now(), uuid4().slice(0, 4));
  const workflow_id = runWorkflowId(installation, run_id);
  const { due } = await activities.recordScheduled(`look for what is due: ${targetName(target)}`, {
    run_id,
    workflow_id,
    schedule,
    target,
    filters,
    options,
  });
  if (due === 0) return { run_id: null, due };
  const run: SyncRunInput = { run_id, installation, target, filters, options };
  await startChild<typeof syncRun>(WORKFLOW_TYPES.run, {
    workflowId: workflow_id,
    args: [run],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    staticSummary: `sync ${targetName(target)}, by schedule`,
    staticDetails: `Run ${run_id}: what was due of ${targetName(target)} (${due} sources), started by schedule ${schedule}`,
    typedSearchAttributes: searchAttributes({
      AppsyncTarget: targetName(target),
      AppsyncStatus: 'running',
    }),
  });
  return { run_id, due };
}
