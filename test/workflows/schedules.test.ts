import { ScheduleOverlapPolicy } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { schedulePace } from '../../src/catalog/schedule-pace.ts';
import { setSchedule } from '../../src/client/schedules.ts';
import { scheduleId } from '../../src/contract/names.ts';
import { DEFAULT_OPTIONS } from '../../src/contract/options.ts';
import type { ScheduledRunInput, ScheduledRunResult } from '../../src/contract/workflows.ts';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { listRuns, readRunSummary } from '../../src/store/runs.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { steeringOf } from '../support/steering.ts';
import { until } from '../support/until.ts';

const HOURLY = { kind: 'every', every: '1h' } as const;
let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    worker: 'spawned',
    world: simpleWorld({ notion: { People: 120, Tasks: 120 } }),
  });
});
afterAll(async () => {
  await handle().delete();
  await installation.close();
});

const input = (): ScheduledRunInput => ({
  schedule: 'all',
  installation: installation.id,
  target: { kind: 'all' },
  filters: { only_due: true },
  options: DEFAULT_OPTIONS,
  timing: HOURLY,
});
const set = () =>
  setSchedule(installation.temporal, input(), schedulePace(HOURLY, new Date('2026-03-01')));
const handle = () =>
  installation.temporal.client.schedule.getHandle(scheduleId(installation.id, 'all'));

/** What the schedule started so far, the latest first. */
async function starts() {
  const { client } = installation.temporal;
  const found = [];
  const query = `WorkflowType = 'startScheduledRun'`;
  for await (const one of client.workflow.list({ query })) {
    if (one.workflowId.startsWith(scheduleId(installation.id, 'all'))) found.push(one);
  }
  return found;
}

/** Lets the schedule's time come, waits for the run that it starts, if any, and gives what it did. */
async function tick(): Promise<ScheduledRunResult> {
  const before = (await handle().describe()).info.numActionsTaken;
  // The schedule may not have heard yet that the start before has ended.
  await handle().trigger(ScheduleOverlapPolicy.ALLOW_ALL);
  const latest = await until(async () => {
    const { info } = await handle().describe();
    return info.numActionsTaken > before ? info.recentActions.at(-1) : undefined;
  });
  const started = latest.action.workflow;
  const { workflow } = installation.temporal.client;
  const result = (await workflow
    .getHandle(started.workflowId, started.firstExecutionRunId)
    .result()) as ScheduledRunResult;
  if (result.run_id !== null) await endOf(result.run_id);
  return result;
}

const endOf = (runId: string) =>
  until(async () =>
    (await runs()).some(({ run_id, finished_at }) => run_id === runId && finished_at !== null),
  );

async function summaryOf(runId: string | null) {
  const summary = await readRunSummary(installation.database.pool, runId ?? '');
  if (summary === null) throw new Error(`run ${String(runId)} is not recorded`);
  return summary;
}

const runs = () => listRuns(installation.database.pool, 100);

describe('a schedule while no worker is there', () => {
  it('has one start waiting, however often its time comes, and that one does the work', async () => {
    expect(await set()).toBe('created');
    await handle().trigger(ScheduleOverlapPolicy.SKIP);
    await until(async () => (await starts()).length === 1);
    for (const skipped of [1, 2]) {
      // One at a time: two in the same moment may count as one.
      await handle().trigger(ScheduleOverlapPolicy.SKIP);
      await until(
        async () => (await handle().describe()).info.numActionsSkippedOverlap === skipped,
      );
    }
    expect(await starts()).toHaveLength(1);

    await installation.startWorker();
    const [run] = await until(async () => {
      const found = await runs();
      return found.length > 0 && found[0]?.finished_at !== null && found;
    });
    expect(run).toMatchObject({ schedule: 'all', status: 'complete', metrics: { inserted: 240 } });
  });
});

describe('a schedule', () => {
  beforeEach(() => installation.catalog());

  it('starts a run of what is due, and none when nothing is', async () => {
    await installation.catalog(({ sources }) => {
      for (const source of sources) if (source.alias === 'people') source['every'] = '1h';
    });
    // Without a schedule of its own, a source is due each time.
    const first = await summaryOf((await tick()).run_id);
    expect(first.sources.map(({ alias }) => alias)).toContain('tasks');
    expect((await tick()).due).toBe(1);
    await installation.catalog(({ sources }) => {
      for (const source of sources) source['every'] = '1h';
    });
    await installation.sync();
    const before = (await runs()).length;
    expect(await tick()).toEqual({ run_id: null, due: 0 });
    expect(await runs()).toHaveLength(before);
  });

  it('leaves a source that pauses in another run to that run, and syncs the others', async () => {
    const steering = steeringOf(installation);
    steering.setLatency(100);
    const held = await installation.start(
      { kind: 'source', name: 'people' },
      { incremental: false, batch_size: 20 },
    );
    await until(async () => (await steering.readOf(held, 'people')) > 0);
    await steering.control(held, { action: 'pause', sources: [] });
    steering.setLatency(0);
    const summary = await summaryOf((await tick()).run_id);
    expect(summary).toMatchObject({ status: 'complete', sources: [{ alias: 'tasks' }] });
    await steering.control(held, { action: 'resume', sources: [] });
    expect(await held.finished()).toMatchObject({ status: 'complete' });
    expect((await tick()).due).toBe(2);
  });

  it('takes up sources again whose run is a day old and does not pause', async () => {
    const { pool } = installation.database;
    await pool.query(
      `insert into appsync.run (id, workflow_id, target, filters, options, started_at)
       values ('gone', 'run/gone', 'all', '{}', '{}', now() - interval '25 hours')`,
    );
    await pool.query(`update appsync.source set holder_run_id = 'gone' where alias = 'people'`);
    expect((await tick()).due).toBe(2);
  });

  it('and a person who start at once share the sources: each is synced by one of them', async () => {
    const steering = steeringOf(installation);
    steering.setLatency(50);
    const [byHand, ticked] = await Promise.all([
      installation.start({ kind: 'all' }, { incremental: false }),
      tick(),
    ]);
    steering.setLatency(0);
    const summaries = [await byHand.finished()];
    if (ticked.run_id !== null) summaries.push(await summaryOf(ticked.run_id));
    const synced = summaries.flatMap(({ sources }) =>
      sources.filter(({ status }) => status === 'complete').map(({ alias }) => alias),
    );
    expect(new Set(synced)).toEqual(new Set(['people', 'tasks']));
    for (const { sources } of summaries) {
      for (const { status, error } of sources) {
        if (status !== 'complete') expect(error?.message).toMatch(/^run .* is syncing it$/);
      }
    }
  });

  it('that is set again is changed, stays paused, and makes up for its last time only', async () => {
    await handle().pause('for now');
    expect(await set()).toBe('changed');
    const { state, policies, spec } = await handle().describe();
    expect(state).toMatchObject({ paused: true, note: 'for now' });
    expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 3_600_000 });
    expect(spec.jitter).toBe(60_000);
  });
});
