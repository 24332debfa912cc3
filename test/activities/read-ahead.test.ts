import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { CloseSourceInput, OpenSourceRef } from '../../src/contract/activities.ts';
import { syncMetrics } from '../../src/contract/metrics.ts';
import { NO_EVIDENCE } from '../../src/contract/scan.ts';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { takeFence } from '../../src/store/sources.ts';
import { activityRunner, newRun } from '../support/activities.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

const ROWS = 50;
let installation: TestInstallation;
let runs = 0;

beforeAll(async () => {
  installation = await startInstallation({ world: simpleWorld({ notion: { Tasks: ROWS } }) });
  await installation.sync();
});
afterAll(() => installation.close());
afterEach(() => installation.simulator.faults.clear());

/** What a workflow of now asks openSource in a run of its own. */
async function opening() {
  const started_at = new Date().toISOString();
  return {
    ...(await newRun(installation, `ahead-${(runs += 1)}`)),
    give_up_scan: null,
    started_at,
  };
}

const requests = () => installation.simulator.log.count();

async function row<Row extends Record<string, unknown>>(sql: string, ...values: unknown[]) {
  return (await installation.database.pool.query<Row>(sql, values)).rows[0];
}
const source = () => row('select fence, holder_run_id from appsync.source');
const recorded = (runId: string) =>
  row(
    `select status, (metrics ->> 'batches')::integer as batches,
            (select count(*)::integer from appsync.batch b where b.run_id = r.run_id) as logged,
            (select count(*)::integer from appsync.scan) as scans
       from appsync.source_run r where run_id = $1`,
    runId,
  );
const CLOSED_ONCE = { status: 'complete', batches: 1, logged: 1, scans: 0 };

describe('an opening that closed its source, and whose answer was lost', () => {
  it('is repeated with the same answer: nothing is asked, recorded or taken again', async () => {
    const input = await opening();
    const first = await (await activityRunner(installation, 'lost')).run('openSource', input);
    expect(first).toMatchObject({
      closed: { status: 'complete', mode: 'incremental', certified: true },
    });
    const before = { asked: requests(), ...(await source()) };
    const again = await activityRunner(installation, 'lost', 2);
    expect(await again.run('openSource', input)).toEqual(first);
    expect({ asked: requests(), ...(await source()) }).toEqual(before);
    expect(before).toMatchObject({ holder_run_id: null });
    expect(await recorded(input.run_id)).toEqual(CLOSED_ONCE);
  });
});

describe('an attempt to open a source that lives on beside the next one', () => {
  it.each(['/data_sources/', '/query'])(
    'and gets its answer to %s last: it begins nothing anew, and both say the same',
    async (path) => {
      const input = await opening();
      installation.simulator.faults.add({ path, effect: { kind: 'delay', ms: 1_500 } });
      const zombie = (await activityRunner(installation, 'beside')).run('openSource', input);
      await until(async () => (await source())?.['holder_run_id'] === input.run_id);
      const next = await activityRunner(installation, 'beside', 2);
      const answer = await next.run('openSource', input);
      expect(answer).toMatchObject({ closed: { status: 'complete' } });
      expect(await zombie).toEqual(answer);
      expect(await recorded(input.run_id)).toEqual(CLOSED_ONCE);
      expect(await source()).toMatchObject({ holder_run_id: null });
    },
  );
});

describe('an opening whose source another run takes meanwhile', () => {
  it('fails, and neither closes it nor lets go of it', async () => {
    const input = await opening();
    const other = await opening();
    installation.simulator.faults.add({ path: '/query', effect: { kind: 'delay', ms: 3_000 } });
    const lost = (await activityRunner(installation, 'lost-fence')).run('openSource', input);
    const outcome = lost.catch((error: unknown) => error);
    await until(async () => (await recorded(input.run_id))?.['scans'] === 1);
    const taken = { id: other.source_id, alias: other.alias };
    await takeFence(installation.database.pool, taken, { ...other, execution: 'taker' });
    expect(await outcome).toMatchObject({ type: 'FenceLost' });
    expect(await source()).toMatchObject({ holder_run_id: other.run_id });
    const taker = await activityRunner(installation, 'taker');
    expect(await taker.run('openSource', other)).toMatchObject({ closed: { status: 'complete' } });
  });
});

describe('an opening that goes on after its run closed the source as cancelled', () => {
  it('answers with that, and begins nothing', async () => {
    const { started_at, ...input } = await opening();
    const { run } = await activityRunner(installation, 'cancelled');
    installation.simulator.faults.add({
      path: '/data_sources/',
      effect: { kind: 'delay', ms: 1_500 },
    });
    const opened = run('openSource', { ...input, started_at });
    await until(async () => (await source())?.['holder_run_id'] === input.run_id);
    const close: CloseSourceInput = {
      ...input,
      workflow_id: 'source/cancelled',
      fence: null,
      scan: null,
      status: 'cancelled',
      evidence: NO_EVIDENCE,
      metrics: syncMetrics(),
      started_at,
      error: null,
    };
    const closed = await run('closeSource', close);
    expect(closed).toMatchObject({ status: 'cancelled' });
    expect(await opened).toEqual({ closed });
    // A workflow of an earlier version is told by a failure, and closes once more.
    await expect(run('openSource', input)).rejects.toMatchObject({ type: 'FenceLost' });
    expect(await run('closeSource', close)).toEqual(closed);
    expect(await source()).toMatchObject({ holder_run_id: null });
    expect(await recorded(input.run_id)).toMatchObject({ status: 'cancelled', scans: 0 });
  });
});

describe('a workflow that takes no first batch', () => {
  it('gets an open source, and nothing is read ahead', async () => {
    const { started_at: _, ...input } = await opening();
    const { openSource } = await activityRunner(installation, 'earlier');
    const before = installation.simulator.log.count({ path: '/query' });
    const opened = await openSource(input);
    expect(opened).toMatchObject({ windows: [{ done: false }] });
    expect(opened.first).toBeUndefined();
    expect(installation.simulator.log.count({ path: '/query' })).toBe(before);
  });
});

describe('a first batch whose attempt died before it could tell of it', () => {
  it('is staged once more, and only what was told of is merged', async () => {
    const { options, ...input } = await opening();
    const full = { ...input, options: { ...options, incremental: false } };
    const dead = await (await activityRunner(installation, 'dies')).openSource(full);
    const { run, openSource } = await activityRunner(installation, 'dies', 2);
    const { first, ...opened } = await openSource(full);
    expect(opened.scan).toEqual(dead.scan);
    expect(opened.reason).toBe('begun before');
    if (first == null || dead.first == null) throw new Error('no batch was read');
    expect(first.attempt).not.toBe(dead.first.attempt);
    const at: OpenSourceRef = { ...full, fence: opened.fence, scan: opened.scan };
    const { windows, evidence, metrics, ...key } = first;
    const merged = await run('upsertBatch', {
      source: at,
      batches: [key],
      windows,
      evidence,
      metrics,
    });
    expect(merged.metrics).toMatchObject({ read: ROWS, unchanged: ROWS, batches: 1, requests: 1 });
    expect(await recorded(input.run_id)).toMatchObject({ batches: 1, logged: 1 });
  });
});
