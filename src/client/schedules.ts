import type { ScheduleDescription, ScheduleHandle, ScheduleOptions } from '@temporalio/client';
import { WORKFLOW_TYPES, isScheduleOf, scheduleId, taskQueue } from '../contract/names.ts';
import { targetName } from '../contract/target.ts';
import type { ScheduledRunInput, ScheduleTiming } from '../contract/workflows.ts';
import type { TemporalConnection } from '../client.ts';
import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '../temporal/sdk.ts';

/** Milliseconds: `schedulePace` tells why. */
export interface Pace {
  readonly interval_ms: number;
  readonly catchup_ms: number;
  readonly jitter_ms: number;
}

/** A schedule as it is in Temporal. Times are ISO 8601. */
export interface ListedSchedule {
  readonly schedule: string;
  readonly target: string;
  readonly timing: ScheduleTiming;
  /** null: it does not pause. */
  readonly paused_note: string | null;
  readonly next_at: string | null;
  readonly last_at: string | null;
  /** Times that were passed over because the last start still waited for a worker. */
  readonly skipped: number;
  /** Times that were missed for longer than the catch-up window: nothing is made up for them. */
  readonly missed: number;
}

export type SetSchedule = 'created' | 'changed';

/**
 * Makes the schedule of that name, or changes the one that is there; whether it pauses stays as it is. Overlap is
 * skipped, which holds nothing up: what it starts ends at once, the run lives on by itself.
 */
export async function setSchedule(
  temporal: TemporalConnection,
  input: ScheduledRunInput,
  pace: Pace,
): Promise<SetSchedule> {
  const options = scheduleOptions(input, pace);
  try {
    await temporal.client.schedule.create(options);
    return 'created';
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  await handleOf(temporal, input.installation, input.schedule).update((previous) => ({
    ...options,
    state: { paused: previous.state.paused, note: previous.state.note ?? '' },
  }));
  return 'changed';
}

function scheduleOptions(input: ScheduledRunInput, pace: Pace) {
  const { timing, installation } = input;
  return {
    scheduleId: scheduleId(installation, input.schedule),
    spec: {
      ...(timing.kind === 'every'
        ? { intervals: [{ every: pace.interval_ms }] }
        : { cronExpressions: [timing.cron] }),
      jitter: pace.jitter_ms,
    },
    action: {
      type: 'startWorkflow',
      workflowType: WORKFLOW_TYPES.scheduled,
      workflowId: scheduleId(installation, input.schedule),
      taskQueue: taskQueue(installation),
      args: [input],
      staticSummary: `sync what is due of ${targetName(input.target)}`,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: pace.catchup_ms },
  } satisfies ScheduleOptions;
}

/** The schedules of an installation, by name. */
export async function listSchedules(
  { client }: TemporalConnection,
  installation: string,
): Promise<readonly ListedSchedule[]> {
  const found: Promise<ListedSchedule | null>[] = [];
  for await (const summary of client.schedule.list()) {
    if (!isScheduleOf(installation, summary.scheduleId)) continue;
    found.push(describe(client.schedule.getHandle(summary.scheduleId)));
  }
  return (await Promise.all(found))
    .filter((schedule) => schedule !== null)
    .toSorted((a, b) => (a.schedule < b.schedule ? -1 : 1));
}

/** null: it was deleted in the meantime. */
async function describe(handle: ScheduleHandle): Promise<ListedSchedule | null> {
  try {
    return listed(await handle.describe());
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}

function listed({ action, state, info }: ScheduleDescription): ListedSchedule {
  const [input] = (action.args ?? []) as [ScheduledRunInput];
  return {
    schedule: input.schedule,
    target: targetName(input.target),
    timing: input.timing,
    paused_note: state.paused ? (state.note ?? '') : null,
    next_at: state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
    last_at: info.recentActions.at(-1)?.takenAt.toISOString() ?? null,
    skipped: info.numActionsSkippedOverlap,
    missed: info.numActionsMissedCatchupWindow,
  };
}

export type ScheduleAction = 'pause' | 'resume' | 'delete';

/** Pauses, resumes or deletes a schedule; false: there is none of that name. Doing it again changes nothing. */
export async function steerSchedule(
  temporal: TemporalConnection,
  installation: string,
  name: string,
  action: ScheduleAction,
): Promise<boolean> {
  const handle = handleOf(temporal, installation, name);
  try {
    if (action === 'pause') await handle.pause('paused by a person');
    else if (action === 'resume') await handle.unpause('resumed by a person');
    else await handle.delete();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}

const handleOf = ({ client }: TemporalConnection, installation: string, name: string) =>
  client.schedule.getHandle(scheduleId(installation, name));
