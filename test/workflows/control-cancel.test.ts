import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { cancelRun } from '../../src/client/run-control.ts';
import type { SyncOptions } from '../../src/contract/options.ts';
import { inTransaction } from '../../src/store/database.ts';
import {
  startInstallation,
  type StartedRun,
  type TestInstallation,
} from '../support/installation.ts';
import { steeringOf } from '../support/steering.ts';
import { until } from '../support/until.ts';

const ROWS = 600;
/** Far below the 30 s of a stalled request, and the hours of everything else that is waited for here. */
const SECONDS = 20;
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
afterEach(() => {
  steering.setLatency(0);
  installation.simulator.faults.clear();
});

const start = (source: string, options: Partial<SyncOptions> = {}) =>
  installation.start({ kind: 'source', name: source }, { incremental: false, ...options });

const isScanning = async (alias: string) => {
  const { rowCount } = await installation.database.pool.query(
    'select from appsync.scan s join appsync.source on source_id = source.id where alias = $1',
    [alias],
  );
  return rowCount === 1;
};

/** Cancels a run and waits until it has ended, for seconds only; returns how its one source ended. */
async function cancelInSeconds(run: StartedRun) {
  await cancelRun(installation.temporal, run.workflowId);
  const { pool } = installation.database;
  await until(async () => {
    const { rows } = await pool.query<{ status: string }>(
      'select status from appsync.run where id = $1',
      [run.runId],
    );
    return rows[0]?.status === 'cancelled';
  }, SECONDS);
  expect(await steering.holders()).toEqual({});
  const { sources } = await run.finished();
  return sources[0];
}

describe('a run that is cancelled ends within seconds', () => {
  it.each(['tasks', 'orders'])('while %s waits for an answer that never comes', async (source) => {
    const { faults } = installation.simulator;
    faults.add({
      path: source === 'tasks' ? '/query' : '/tbl',
      effect: { kind: 'stall headers' },
      times: 0,
    });
    const run = await start(source);
    // The activity that opens a source chooses its scan and then reads the first batch.
    await until(() => isScanning(source));
    expect(await steering.activitiesOf(source)).toEqual(['openSource']);
    expect(await cancelInSeconds(run)).toMatchObject({ status: 'cancelled', read: 0 });
  });

  it('while a later batch waits for one', async () => {
    const { faults } = installation.simulator;
    faults.add({ path: '/query', nth: 2, times: 0, effect: { kind: 'stall headers' } });
    const run = await start('tasks');
    await until(async () => (await steering.readOf(run, 'tasks')) > 0);
    expect(await steering.activitiesOf('tasks')).toEqual(['fetchBatch']);
    expect(await cancelInSeconds(run)).toMatchObject({ status: 'cancelled', read: 100 });
  });

  it('while its merge waits for a lock, and keeps what was merged before', async () => {
    const { pool } = installation.database;
    await installation.sync({ kind: 'source', name: 'people' });
    steering.setLatency(100);
    const run = await start('people', { batch_size: 100 });
    await until(async () => (await steering.readOf(run, 'people')) > 0);
    await inTransaction(pool, async (tx) => {
      await tx.query('lock table notion.people in access exclusive mode');
      await until(async () => {
        const { rows } = await pool.query(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return rows.length > 0;
      });
      const people = await cancelInSeconds(run);
      expect(people).toMatchObject({ status: 'cancelled', certified: false });
      expect(people?.read).toBeGreaterThan(0);
      expect(people?.read).toBeLessThan(ROWS);
    });
    const kept = (await run.finished()).totals.read;
    steering.setLatency(0);
    const next = await installation.sync({ kind: 'source', name: 'people' });
    expect(next).toMatchObject({ status: 'complete', totals: { read: ROWS - kept } });
  });

  it('while it is paused', async () => {
    steering.setLatency(100);
    const run = await start('tasks', { batch_size: 100 });
    await until(async () => (await steering.readOf(run, 'tasks')) > 0);
    await steering.control(run, { action: 'pause', sources: [] });
    await until(() => steering.isStandingStill('tasks'));
    expect(await cancelInSeconds(run)).toMatchObject({ status: 'cancelled' });
  });

  it('in the moment in which a source continues as new', async () => {
    steering.setLatency(100);
    const run = await start('tasks', { batch_size: 100 });
    await until(async () => (await steering.readOf(run, 'tasks')) > 0);
    await steering.control(run, { action: 'pause', sources: ['tasks'] });
    await until(() => steering.isStandingStill('tasks'));
    await steering.makeHistoryLong('tasks');
    expect(await cancelInSeconds(run)).toMatchObject({ status: 'cancelled' });
  });
});

describe('sources that are cancelled by themselves', () => {
  it('end alone, also after they continued as new, and those that had not begun never do', async () => {
    steering.setLatency(100);
    const run = await installation.start(
      { kind: 'platform', name: 'notion' },
      { incremental: false, batch_size: 100, max_concurrent: 1 },
    );
    await until(async () => (await steering.readOf(run, 'people')) > 0);
    await steering.control(run, { action: 'pause', sources: ['people', 'tasks'] });
    await until(() => steering.isStandingStill('people'));
    const execution = await steering.executionOf('people');
    await steering.makeHistoryLong('people');
    await until(async () => (await steering.executionOf('people')) !== execution);
    await steering.control(run, { action: 'cancel', sources: ['people', 'tasks'] });
    const summary = await run.finished();
    expect(summary.status).toBe('cancelled');
    expect(summary.sources).toMatchObject([
      { alias: 'people', status: 'cancelled' },
      {
        alias: 'tasks',
        status: 'cancelled',
        read: 0,
        error: { type: 'Cancelled', message: 'cancelled before it began' },
      },
    ]);
    expect(await steering.holders()).toEqual({});
  });

  it('leave their siblings alone', async () => {
    steering.setLatency(100);
    const run = await installation.start({ kind: 'all' }, { incremental: false });
    await until(async () => (await steering.readOf(run, 'people')) > 0);
    await steering.control(run, { action: 'cancel', sources: ['people'] });
    steering.setLatency(0);
    const summary = await run.finished();
    expect(summary.status).toBe('partial');
    expect(summary.sources).toMatchObject([
      { alias: 'orders', status: 'complete' },
      { alias: 'people', status: 'cancelled' },
      { alias: 'tasks', status: 'complete' },
    ]);
  });
});

// Last: what it reserved of the budget keeps others waiting for up to a minute.
describe('a run that waits for the rate budget', () => {
  it('ends within seconds when it is cancelled', async () => {
    const run = await start('tasks', { rate_limit: 0.05 });
    await until(async () => {
      const { rows } = await installation.database.pool.query(
        `select 1 from appsync.rate_budget where waiting_until > now() + interval '5 seconds'`,
      );
      return rows.length > 0;
    });
    expect(await cancelInSeconds(run)).toMatchObject({ status: 'cancelled' });
  });
});
