import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

const ROWS = 900;
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

it('without streaming, a scan whose staged rows are lost before publishing is read again from its start', async () => {
  const { pool } = installation.database;
  installation.simulator.knobs.notion.latencyMs = 60;
  const run = await installation.start({ kind: 'all' }, { streaming: false });
  await until(async () => {
    const { rows } = await pool.query<{ staged: number }>(
      'select count(*)::integer as staged from appsync.staging',
    );
    return (rows[0]?.staged ?? 0) >= 300;
  });
  await pool.query('truncate appsync.staging');
  installation.simulator.knobs.notion.latencyMs = 0;
  const summary = await run.finished();
  expect(summary).toMatchObject({ status: 'complete', totals: { read: ROWS, inserted: ROWS } });
  // What was read in vain is counted: pages of both readings, and the schema.
  expect(summary.totals.requests).toBeGreaterThanOrEqual(2 * (ROWS / 100) + 1);
  expect(
    await compareWithTruth(pool, 'notion.tasks', installation.simulator.world.truth('Tasks')),
  ).toEqual({ rows: ROWS, expected: ROWS, lost: 0, surplus: 0, different: 0 });
});
