import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sourceWorkflowId } from '../../src/contract/names.ts';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { readCertificates } from '../../src/store/certificates.ts';
import { readSlowestBatches } from '../../src/store/slowest-batches.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { steeringOf } from '../support/steering.ts';
import { until } from '../support/until.ts';

const ROWS = 250;
let installation: TestInstallation;
let steering: ReturnType<typeof steeringOf>;

beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          { title: 'Tasks', sources: [{ title: 'Tasks', records: ROWS, properties: 'few' }] },
        ],
      },
      airtable: {
        bases: [{ name: 'Shop', tables: [{ title: 'Orders', records: ROWS, fields: 'few' }] }],
      },
    },
  });
  steering = steeringOf(installation);
  await installation.sync();
});
afterAll(() => installation.close());
afterEach(() => installation.simulator.faults.clear());

const TASKS = { kind: 'source', name: 'tasks' } as const;

/** The activities that the latest run of a source's workflow scheduled, in their order, with what the Web UI shows. */
async function activitiesOf(alias: string) {
  const { client } = installation.temporal;
  const handle = client.workflow.getHandle(sourceWorkflowId(installation.id, alias));
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name ?? [],
  );
}

async function expectExact(): Promise<void> {
  const truth = installation.simulator.world.truth('Tasks');
  expect(await compareWithTruth(installation.database.pool, 'notion.tasks', truth)).toEqual({
    rows: ROWS,
    expected: ROWS,
    lost: 0,
    surplus: 0,
    different: 0,
  });
}

/** How many rows of a run wait in staging, once its source stands still. */
async function stagedWhilePaused(options: { streaming: boolean }) {
  const { pool } = installation.database;
  installation.simulator.faults.add({ path: '/query', effect: { kind: 'delay', ms: 1_500 } });
  const run = await installation.start(TASKS, { ...options, incremental: false });
  await until(async () => {
    const { rowCount } = await pool.query('select from appsync.scan');
    return rowCount === 1;
  });
  await steering.control(run, { action: 'pause', sources: [] });
  await until(() => steering.isStandingStill('tasks'));
  const { rows } = await pool.query<{ staged: number }>(
    'select count(*)::integer as staged from appsync.staging',
  );
  const paused = { staged: rows[0]?.staged, read: await steering.readOf(run, 'tasks') };
  expect(await activitiesOf('tasks')).not.toContain('fetchBatch');
  await steering.control(run, { action: 'resume', sources: [] });
  expect(await run.finished()).toMatchObject({
    status: 'complete',
    totals: { read: ROWS, unchanged: ROWS },
    sources: [{ batches: 3 }],
  });
  await expectExact();
  return paused;
}

describe('a source in which nothing changed', () => {
  it('costs one activity, and is recorded like any other', async () => {
    const { pool } = installation.database;
    const summary = await installation.sync();
    for (const alias of ['tasks', 'orders']) {
      expect(await activitiesOf(alias)).toEqual(['openSource']);
    }
    expect(summary).toMatchObject({
      status: 'complete',
      totals: { read: 0, unchanged: 0, requests: 4, retries: 0 },
    });
    for (const source of summary.sources) {
      expect(source).toMatchObject({
        status: 'complete',
        mode: 'incremental',
        certified: true,
        read: 0,
        batches: 1,
        requests: 2,
      });
    }
    const certificates = await readCertificates(pool, summary.run_id);
    for (const alias of ['tasks', 'orders']) {
      expect(certificates.get(alias)).toMatchObject({
        mode: 'incremental',
        pages: 1,
        windows: 1,
        records: 0,
        missing: [],
      });
    }
    const batches = await readSlowestBatches(pool, summary.run_id);
    expect(batches.map(({ source, batches: count }) => ({ source, count }))).toEqual(
      expect.arrayContaining([
        { source: 'tasks', count: 1 },
        { source: 'orders', count: 1 },
      ]),
    );
    const { rows } = await pool.query(
      `select (select count(*)::integer from appsync.scan) as scans, last_status,
              holder_run_id, next_due_at is null as never_due
         from appsync.source`,
    );
    const ended = { scans: 0, last_status: 'complete', holder_run_id: null };
    expect(rows).toEqual([expect.objectContaining(ended), expect.objectContaining(ended)]);
  });
});

describe('a source in which something changed', () => {
  it('has its first batch read by the activity that opens it', async () => {
    installation.simulator.world.editSome('Tasks', 3);
    expect(await installation.sync(TASKS)).toMatchObject({
      totals: { updated: 3, requests: 2 },
      sources: [{ batches: 1 }],
    });
    expect(await activitiesOf('tasks')).toEqual(['openSource', 'upsertBatch', 'closeSource']);
    await expectExact();
  });
});

describe('a first batch that fails', () => {
  it('is read again by an activity of its own, and the schema is not', async () => {
    const { faults, log } = installation.simulator;
    const describing = () => log.count({ method: 'GET', path: '/data_sources/' });
    faults.add({ path: '/query', effect: { kind: 'named', name: 'notion unavailable' } });
    const before = describing();
    const summary = await installation.sync(TASKS);
    expect(describing() - before).toBe(1);
    expect(await activitiesOf('tasks')).toEqual([
      'openSource',
      'fetchBatch',
      'upsertBatch',
      'closeSource',
    ]);
    expect(summary).toMatchObject({
      status: 'complete',
      totals: { requests: 3, retries: 0 },
      sources: [{ batches: 1 }],
    });
  });

  it('is not asked for again before the time that the platform named', async () => {
    const { faults, log } = installation.simulator;
    faults.add({
      path: '/query',
      effect: { kind: 'answer', status: 503, headers: { 'retry-after': '3' }, body: {} },
    });
    const before = log.count({ path: '/query' });
    expect(await installation.sync(TASKS)).toMatchObject({
      status: 'complete',
      totals: { requests: 3, retries: 0 },
    });
    const [first, again] = log.requests({ path: '/query' }).slice(before);
    expect(again?.arrived).toBeGreaterThan((first?.arrived ?? Infinity) + 2_990);
  });

  it('counts a refusal once, and the wait that follows from it', async () => {
    installation.simulator.faults.add({
      path: '/query',
      effect: { kind: 'named', name: 'notion rate limited', retryAfter: 1 },
    });
    const { totals } = await installation.sync(TASKS);
    expect(totals).toMatchObject({ requests: 3, rate_limited: 1 });
    expect(totals.waited_ms).toBeGreaterThan(900);
    expect(totals.waited_ms).toBeLessThan(10_000);
  });
});

describe('a source that is paused while it is opened', () => {
  it('has its first batch merged before it stands still', async () => {
    expect(await stagedWhilePaused({ streaming: true })).toEqual({ staged: 0, read: 100 });
  });

  it('keeps it staged without streaming, and publishes all at once', async () => {
    expect(await stagedWhilePaused({ streaming: false })).toEqual({ staged: 100, read: 0 });
  });
});
