import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

const ROWS = 4_100;
let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          { title: 'Big', sources: [{ title: 'Big', records: ROWS, properties: 'few' }] },
        ],
      },
    },
  });
});
afterAll(() => installation.close());

/** Where the queries of a scan began, one after the other: the lower bound of each one's window. */
function bounds(): readonly string[] {
  const requests = installation.simulator.log.requests({ path: '/query' });
  return requests.map(({ body }) => JSON.stringify((body as { filter?: unknown }).filter ?? null));
}

describe('a large data source under a rate that one cursor cannot use', () => {
  it('is read through several windows at once, and every record is there once', async () => {
    // 20 requests fill a batch; then a look at the newest row, and four windows of some 500 rows.
    const summary = await installation.sync(undefined, { batch_size: 200, rate_limit: 1_000_000 });
    expect(summary).toMatchObject({
      status: 'complete',
      totals: { read: ROWS, inserted: ROWS, updated: 0, unchanged: 0 },
    });
    expect(summary.sources[0]?.certified).toBe(true);
    const truth = installation.simulator.world.truth('Big');
    expect(await compareWithTruth(installation.database.pool, 'notion.big', truth)).toMatchObject({
      rows: ROWS,
      lost: 0,
      surplus: 0,
      different: 0,
    });
    const asked = bounds();
    const beside = [...new Set(asked)].filter((bound) => bound.includes('on_or_after'));
    expect(beside.length).toBeGreaterThanOrEqual(4);
    // The last window is asked for before the first one's last page.
    const [first = '', last = ''] = [beside.at(-4), beside.at(-1)];
    expect(asked.indexOf(last)).toBeLessThan(asked.lastIndexOf(first));
  });
});
