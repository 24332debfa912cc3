import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { controlRun } from '../../src/client/run-control.ts';
import { CONTROL_SIGNAL, type ControlRequest } from '../../src/contract/control.ts';
import { sourceWorkflowId } from '../../src/contract/names.ts';
import type { StartedRun, TestInstallation } from './installation.ts';
import { until } from './until.ts';

const STATUS = defineSearchAttributeKey('AppsyncStatus', SearchAttributeType.KEYWORD);

/** Above this a source's workflow continues as new. */
const HISTORY_EVENTS = 3_000;
const BATCH = 50;
/** Older than any state that a source has. */
const NOTHING = { revision: -1 };

/** What tests do to runs at work, and what they look at meanwhile. */
export function steeringOf(installation: TestInstallation) {
  const { client } = installation.temporal;
  const sourceId = (alias: string) => sourceWorkflowId(installation.id, alias);

  const describe = (workflowId: string) => client.workflow.getHandle(workflowId).describe();
  /** What the Web UI lists as the workflow's state. */
  const attribute = async (workflowId: string) =>
    (await describe(workflowId)).typedSearchAttributes.get(STATUS);

  /** Records of a source that a run has merged so far. */
  const readOf = async (run: StartedRun, alias: string): Promise<number> => {
    const { rows } = await installation.database.pool.query<{ read: number }>(
      `select coalesce((r.metrics ->> 'read')::integer, 0) as read
         from appsync.source_run r join appsync.source s on s.id = r.source_id
        where r.run_id = $1 and s.alias = $2`,
      [run.runId, alias],
    );
    return rows[0]?.read ?? 0;
  };

  /**
   * Sends signals that change nothing, until the source's workflow is about to continue as new. It is given time to
   * take each batch in: the server fails a task during which more than a hundred arrive, and one that finds
   * thousands of them takes longer than the five seconds that the sandbox allows.
   */
  const makeHistoryLong = async (alias: string) => {
    const handle = client.workflow.getHandle(sourceId(alias));
    const send = (count: number) =>
      Promise.all(Array.from({ length: count }, () => handle.signal(CONTROL_SIGNAL, NOTHING)));
    while ((await handle.describe()).historyLength < HISTORY_EVENTS - BATCH) {
      await send(BATCH);
      await until(async () => (await handle.describe()).raw.pendingWorkflowTask == null);
    }
    await send(BATCH + 1);
  };

  return {
    sourceId,
    attribute,
    readOf,
    makeHistoryLong,
    /** The execution that a source's workflow is at: another one once it has continued as new. */
    executionOf: async (alias: string) => (await describe(sourceId(alias))).runId,
    control: (run: StartedRun, request: ControlRequest) =>
      controlRun(installation.temporal, run.workflowId, request),
    isStandingStill: async (alias: string) => (await attribute(sourceId(alias))) === 'paused',
    /** Activities of a source that are scheduled or at work; none before its workflow began. */
    activitiesOf: async (alias: string): Promise<readonly string[]> => {
      const found = await describe(sourceId(alias)).catch(() => null);
      if (found?.status.name !== 'RUNNING') return [];
      return (found.raw.pendingActivities ?? []).map(
        ({ activityType }) => activityType?.name ?? '',
      );
    },
    /** The run that holds each source that is held. */
    holders: async () => {
      const { rows } = await installation.database.pool.query<{ alias: string; run: string }>(
        `select alias, holder_run_id as run from appsync.source where holder_run_id is not null order by alias`,
      );
      return Object.fromEntries(rows.map(({ alias, run }) => [alias, run]));
    },
    setLatency: (latencyMs: number) => {
      installation.simulator.knobs.notion.latencyMs = latencyMs;
      installation.simulator.knobs.airtable.latencyMs = latencyMs;
    },
  };
}
