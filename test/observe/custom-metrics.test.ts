import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startService } from '../../examples/bookshelf/service.mjs';
import { applyCatalog } from '../../src/catalog/apply.ts';
import { parseCatalog } from '../../src/catalog/file.ts';
import { readPlugins } from '../../src/catalog/plugins.ts';
import { customCountsProblem } from '../../src/contract/metrics.ts';
import { loadPlatforms } from '../../src/platforms/registry.ts';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { run } from '../cli/fake-io.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { servePage, type ServedPage } from '../support/page.ts';
import { testTemporal } from '../support/temporal.ts';
import { probe, startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';

const CATALOG = resolve('examples/bookshelf/appsync.yaml');

let service: Awaited<ReturnType<typeof startService>>;
let installation: TestInstallation;
let worker: WorkerProcess;
let page: ServedPage;

beforeAll(async () => {
  // Of 250 books every third is lent out: 83, which the example counts in one line of its `fetchBatch`.
  service = await startService();
  installation = await startInstallation({ worker: 'spawned', world: simpleWorld({}) });
  worker = startWorkerProcess(installation, {
    BOOKSHELF_TOKEN: service.token,
    BOOKSHELF_URL: service.url,
  });
  const platforms = await loadPlatforms(await readPlugins(CATALOG));
  const text =
    'plugins: { bookshelf: ./platform.mjs }\n' +
    'accounts: [{ name: shop, platform: bookshelf, token: env:BOOKSHELF_TOKEN }]\n' +
    'sources: [{ alias: shelf, account: shop, ref: { shelf: main } }]\n';
  const file = parseCatalog(text, CATALOG, { platforms, reserved: [] });
  await applyCatalog(installation.database.pool, file, { accept: true });
  page = await servePage(installation);
});
afterAll(async () => {
  await page.close();
  await installation.close();
  await service.close();
  await worker.ended;
});

test('what a platform counts by itself is in the result, Postgres, stats, the page and the metrics', async () => {
  const { totals, sources, run_id } = await installation.sync({ kind: 'all' });
  expect([totals.custom, sources[0]?.custom]).toEqual([{ lent_books: 83 }, { lent_books: 83 }]);

  const { pool, url } = installation.database;
  const { rows } = await pool.query(
    `select metrics -> 'custom' as custom from appsync.source_run where run_id = $1`,
    [run_id],
  );
  expect(rows).toEqual([{ custom: { lent_books: 83 } }]);

  const env = { DATABASE_URL: url, TEMPORAL_ADDRESS: testTemporal().address };
  expect((await run('sync-stats', { env, real: true })).stdout).toMatch(
    /bookshelf lent_books +83\n/,
  );
  expect(JSON.parse((await run('sync-stats --json', { env, real: true })).stdout)).toMatchObject({
    custom: [{ platform: 'bookshelf', name: 'lent_books', total: 83 }],
  });

  const shown = await fetch(`${page.origin}/runs/${run_id}`, {
    headers: { cookie: `appsync_key=${page.key}` },
  });
  expect(await shown.text()).toContain('83 lent_books');

  expect((await probe(`${await worker.healthUrl()}/metrics`)).text).toMatch(
    /^appsync_custom_total\{platform="bookshelf",account="shop",mode="full",name="lent_books"\} 83$/m,
  );
});

test.each([
  [{ lent_books: 3 }, null],
  [{ 'Lent books': 3 }, 'a count named "Lent books"'],
  [{ lent: -1 }, 'a count lent that is no number from 0 on'],
  [{ lent: Number.NaN }, 'a count lent that is no number from 0 on'],
  [
    Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`c${i}`, 1])),
    'more than 20 counts of its own',
  ],
])('counts of a platform are few, plain and finite: %j', (counts, problem) => {
  expect(customCountsProblem(counts)).toBe(problem);
});
