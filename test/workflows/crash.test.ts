import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { readCertificates } from '../../src/store/certificates.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

const ROWS = 25_001;
const ONE_PAGE = 100;
/** As many as a source is read through at most (src/workflows/scan-source.ts). */
const WINDOWS_AT_ONCE = 4;
let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    worker: 'spawned',
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

async function mergedRows(): Promise<number> {
  const { rows } = await installation.database.pool.query<{ merged: number }>(
    `select coalesce(sum((metrics ->> 'read')::integer), 0)::integer as merged from appsync.batch`,
  );
  return rows[0]?.merged ?? 0;
}

describe('a worker that is killed with SIGKILL in the middle of a large source', () => {
  it('is replaced, the run goes on by itself, nothing is lost or doubled, and only what was in flight is read again', async () => {
    const killed = installation.spawnWorker();
    const run = await installation.start();
    await until(async () => (await mergedRows()) > ROWS / 3);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const atKill = await mergedRows();
    installation.spawnWorker();
    // An attempt that is silent is given up after 10 s; how long it takes in all is told by `demo --crash`.
    await until(async () => (await mergedRows()) > atKill);

    const summary = await run.finished();
    expect(summary).toMatchObject({ status: 'complete', totals: { read: ROWS, inserted: ROWS } });
    const truth = installation.simulator.world.truth('Big');
    expect(await compareWithTruth(installation.database.pool, 'notion.big', truth)).toEqual({
      rows: ROWS,
      expected: ROWS,
      lost: 0,
      surplus: 0,
      different: 0,
    });
    const pages = installation.simulator.log.count({ method: 'POST', path: '/query' });
    const fewest = Math.ceil(ROWS / ONE_PAGE);
    // Fetched twice at most: a round of batches on their way, and one that waited for its merge. Each window ends with
    // a page that is not full, and one request finds out where to split one.
    const certificate = (await readCertificates(installation.database.pool, summary.run_id)).get(
      'big',
    );
    const { windows = 0 } = certificate ?? {};
    const splits = Math.ceil(windows / WINDOWS_AT_ONCE);
    expect(windows).toBeGreaterThan(0);
    expect(pages).toBeLessThanOrEqual(fewest + 2 * WINDOWS_AT_ONCE + windows + splits);
  });
});
