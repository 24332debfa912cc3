import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunSummary } from '../../src/contract/summary.ts';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { readRunProgress } from '../../src/store/run-progress.ts';
import { listRuns } from '../../src/store/runs.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { steeringOf } from '../support/steering.ts';
import { until } from '../support/until.ts';

const ROWS = 600;
let installation: TestInstallation;
let steering: ReturnType<typeof steeringOf>;

beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: ['People', 'Tasks'].map((title) => ({
          title,
          sources: [{ title, records: ROWS, properties: 'few' as const }],
        })),
      },
      airtable: {
        bases: [{ name: 'Shop', tables: [{ title: 'Orders', records: ROWS, fields: 'few' }] }],
      },
    },
  });
  steering = steeringOf(installation);
});
afterAll(() => installation.close());
afterEach(() => steering.setLatency(0));

const startSlowly = async (options: { batch_size?: number; max_concurrent?: number } = {}) => {
  steering.setLatency(100);
  return installation.start({ kind: 'all' }, { incremental: false, ...options });
};

const statuses = (summary: RunSummary) =>
  Object.fromEntries(summary.sources.map((source) => [source.alias, source.status]));
const COMPLETE = { orders: 'complete', people: 'complete', tasks: 'complete' };

async function expectExact(table: string, title: string): Promise<void> {
  const truth = installation.simulator.world.truth(title, { fieldsById: true });
  expect(await compareWithTruth(installation.database.pool, table, truth)).toEqual({
    rows: ROWS,
    expected: ROWS,
    lost: 0,
    surplus: 0,
    different: 0,
  });
}

describe('a run that is paused', () => {
  it('finishes what is in flight, holds nothing but its sources, and goes on exactly where it stood', async () => {
    const { pool } = installation.database;
    const run = await startSlowly({ batch_size: 50 });
    for (const alias of ['people', 'tasks', 'orders']) {
      await until(async () => (await steering.readOf(run, alias)) > 0);
    }
    const paused = await steering.control(run, { action: 'pause', sources: [] });
    expect(paused.paused_since).not.toBeNull();
    for (const alias of ['people', 'tasks', 'orders']) {
      await until(() => steering.isStandingStill(alias));
      expect(await steering.activitiesOf(alias)).toEqual([]);
    }
    expect(await steering.attribute(run.workflowId)).toBe('paused');
    const { rows } = await pool.query('select count(*)::integer as staged from appsync.staging');
    expect(rows).toEqual([{ staged: 0 }]);
    const holders = await steering.holders();
    expect(holders).toEqual({ orders: run.runId, people: run.runId, tasks: run.runId });

    const progress = await readRunProgress(pool, run.runId);
    expect(progress.paused_since).toBe(paused.paused_since);
    expect(progress.sources.map((source) => source.paused_since)).toEqual(
      Array.from({ length: 3 }, () => paused.paused_since),
    );
    expect((await listRuns(pool, 1))[0]).toMatchObject({ paused_since: paused.paused_since });

    // Cursors rarely outlive a pause.
    installation.simulator.expireCursors();
    steering.setLatency(0);
    const resumed = await steering.control(run, { action: 'resume', sources: [] });
    expect(resumed.paused_since).toBeNull();
    const summary = await run.finished();
    expect(statuses(summary)).toEqual(COMPLETE);
    expect(summary.paused_since).toBeUndefined();
    await expectExact('notion.tasks', 'Tasks');
    await expectExact('airtable.orders', 'Orders');
  });

  it('begins no source, and another run that comes for a paused one is told so', async () => {
    const run = await startSlowly({ batch_size: 50, max_concurrent: 1 });
    await until(async () => (await steering.readOf(run, 'people')) > 0);
    await steering.control(run, { action: 'pause', sources: [] });
    await until(() => steering.isStandingStill('people'));
    const [paused] = await listRuns(installation.database.pool, 1);
    const other = await installation.sync({ kind: 'platform', name: 'notion' });
    expect(statuses(other)).toEqual({ people: 'skipped', tasks: 'complete' });
    expect(other.sources[0]?.error).toEqual({
      type: 'AlreadySyncing',
      message: `run ${run.runId} is syncing it, paused since ${paused?.paused_since ?? ''}`,
      hint: `appsync runs resume ${run.runId}`,
    });
    const { sources } = await readRunProgress(installation.database.pool, run.runId);
    expect(sources.map(({ alias }) => alias)).not.toContain('tasks');
    steering.setLatency(0);
    await steering.control(run, { action: 'resume', sources: [] });
    expect(statuses(await run.finished())).toEqual(COMPLETE);
  });
});

describe('one source that is paused', () => {
  it('leaves its place to the next, and its run waits for it alone', async () => {
    const run = await startSlowly({ batch_size: 50, max_concurrent: 1 });
    await until(async () => (await steering.readOf(run, 'people')) > 0);
    await steering.control(run, { action: 'pause', sources: ['people'] });
    await until(() => steering.isStandingStill('people'));
    steering.setLatency(0);
    const endOf = async (alias: string) => {
      const { sources } = await readRunProgress(installation.database.pool, run.runId);
      return sources.find((source) => source.alias === alias)?.status;
    };
    await until(async () => (await endOf('tasks')) === 'complete');
    expect(await endOf('people')).toBe('running');
    await steering.control(run, { action: 'resume', sources: ['people'] });
    expect(statuses(await run.finished())).toEqual(COMPLETE);
    await expectExact('notion.people', 'People');
  });

  it('stays paused, with its new settings, when its workflow continues as new', async () => {
    const run = await startSlowly({ batch_size: 10 });
    await until(async () => (await steering.readOf(run, 'tasks')) > 0);
    await steering.control(run, { action: 'pause', sources: ['tasks'] });
    await until(() => steering.isStandingStill('tasks'));
    const before = await steering.readOf(run, 'tasks');
    const execution = await steering.executionOf('tasks');
    await steering.makeHistoryLong('tasks');
    await until(async () => (await steering.executionOf('tasks')) !== execution);
    await steering.control(run, { action: 'set', settings: { batch_size: 500 } });
    await until(() => steering.isStandingStill('tasks'));
    expect(await steering.readOf(run, 'tasks')).toBe(before);
    steering.setLatency(0);
    await steering.control(run, { action: 'resume', sources: ['tasks'] });
    const summary = await run.finished();
    expect(statuses(summary)).toEqual(COMPLETE);
    const tasks = summary.sources.find(({ alias }) => alias === 'tasks');
    // 10 at a time before, 500 at a time after.
    expect(tasks?.batches).toBeLessThanOrEqual(before / 10 + 3);
    expect(tasks?.read).toBe(ROWS);
    await expectExact('notion.tasks', 'Tasks');
  });
});

describe('settings of a run at work', () => {
  it('hold from the next source and the next batch on', async () => {
    const run = await startSlowly({ batch_size: 10, max_concurrent: 1 });
    await until(async () => (await steering.readOf(run, 'people')) > 0);
    await steering.control(run, {
      action: 'set',
      settings: { max_concurrent: 2, batch_size: 300, rate_limit: 777 },
    });
    await until(async () => (await steering.readOf(run, 'tasks')) > 0);
    const { rows } = await installation.database.pool.query(
      `select distinct (c).rate from (select unnest(claims) as c from appsync.rate_budget) all_claims
        where (c).run_id = $1 and (c).asked`,
      [run.runId],
    );
    expect(rows).toEqual([{ rate: 777 }]);
    steering.setLatency(0);
    const summary = await run.finished();
    const batches = Object.fromEntries(summary.sources.map((one) => [one.alias, one.batches]));
    expect(batches['tasks']).toBe(ROWS / 300);
    expect(batches['people']).toBeLessThan(ROWS / 10);
  });
});

describe('what a run refuses', () => {
  it('are sources that it does not have, values out of range, and anything once it has ended', async () => {
    const run = await startSlowly();
    const refused = (request: Parameters<typeof steering.control>[1], message: RegExp) =>
      expect(steering.control(run, request)).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(message),
      });
    await refused({ action: 'pause', sources: ['nobody'] }, /nobody is not a source of this run/);
    await refused({ action: 'cancel', sources: [] }, /no source is named/);
    await refused({ action: 'set', settings: { batch_size: 0 } }, /batch_size must be from 1/);
    await refused({ action: 'set', settings: { max_concurrent: 1.5 } }, /max_concurrent must be/);
    await refused({ action: 'set', settings: {} }, /nothing to set/);
    steering.setLatency(0);
    await run.finished();
    await refused({ action: 'pause', sources: [] }, /not at work any more/);
  });
});
