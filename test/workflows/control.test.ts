import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

const ROWS = 1_200;
let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          { title: 'Tasks', sources: [{ title: 'Tasks', records: ROWS, properties: 'few' }] },
        ],
      },
    },
  });
});
afterAll(() => installation.close());

async function mergedRows(): Promise<number> {
  const { rows } = await installation.database.pool.query<{ merged: number }>(
    `select coalesce(sum((metrics ->> 'read')::integer), 0)::integer as merged from appsync.batch`,
  );
  return rows[0]?.merged ?? 0;
}

const EXACT = { rows: ROWS, expected: ROWS, lost: 0, surplus: 0, different: 0 };
const compare = () =>
  compareWithTruth(
    installation.database.pool,
    'notion.tasks',
    installation.simulator.world.truth('Tasks'),
  );

describe('a run that is cancelled in the middle', () => {
  it('keeps what was merged, frees the source, and the next run goes on from there', async () => {
    installation.simulator.knobs.notion.latencyMs = 150;
    const run = await installation.start();
    await until(async () => (await mergedRows()) >= 200);
    await installation.temporal.client.workflow.getHandle(run.workflowId).cancel();
    const cancelled = await run.finished();
    installation.simulator.knobs.notion.latencyMs = 0;
    expect(cancelled.status).toBe('cancelled');
    expect(cancelled.sources[0]).toMatchObject({ status: 'cancelled', certified: false });
    const kept = cancelled.totals.read;
    expect(kept).toBeGreaterThanOrEqual(200);
    expect(kept).toBeLessThan(ROWS);

    const next = await installation.sync();
    expect(next).toMatchObject({
      status: 'complete',
      totals: { read: ROWS - kept, inserted: ROWS - kept },
    });
    expect(next.sources[0]).toMatchObject({ mode: 'full', certified: true });
    expect(await compare()).toEqual(EXACT);
  });
});

describe('a sync without streaming', () => {
  it('shows nothing of a source until all of it is there', async () => {
    await installation.database.pool.query('delete from notion.tasks');
    installation.simulator.knobs.notion.latencyMs = 60;
    const run = await installation.start({ kind: 'all' }, { streaming: false, incremental: false });
    const counts = new Set<number>();
    await until(async () => {
      const { rows } = await installation.database.pool.query<{ rows: number }>(
        'select count(*) as rows from notion.tasks',
      );
      counts.add(rows[0]?.rows ?? 0);
      return rows[0]?.rows === ROWS;
    });
    installation.simulator.knobs.notion.latencyMs = 0;
    expect([...counts]).toEqual([0, ROWS]);
    expect(await run.finished()).toMatchObject({
      status: 'complete',
      totals: { read: ROWS, inserted: ROWS },
    });
    expect(await compare()).toEqual(EXACT);
  });
});

describe('staged rows that Postgres lost in a crash', () => {
  it('are fetched again, and nothing is missing', async () => {
    const { pool } = installation.database;
    await pool.query('delete from notion.tasks');
    installation.simulator.knobs.notion.latencyMs = 60;
    const run = await installation.start({ kind: 'all' }, { incremental: false });
    const before = await mergedRows();
    await until(async () => (await mergedRows()) > before + 100);
    // What crash recovery does to an unlogged table.
    await pool.query('truncate appsync.staging');
    installation.simulator.knobs.notion.latencyMs = 0;
    expect(await run.finished()).toMatchObject({ status: 'complete', totals: { read: ROWS } });
    expect(await compare()).toEqual(EXACT);
  });
});
