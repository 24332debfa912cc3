import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sparkline } from '../../src/cli/sparkline.ts';
import { startReporting, watchPool } from '../../src/observe/worker-reporter.ts';
import { NOTION_TOKEN, simpleWorld } from '../../src/sim/simulator.ts';
import { openDatabase } from '../../src/store/database.ts';
import {
  readLiveWorkers,
  reportWorker,
  type WorkerReport,
} from '../../src/store/worker-reports.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { testTemporal } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';
import { run as runLine } from './fake-io.ts';

let installation: TestInstallation;
let worker: WorkerProcess;
let cwd: string;

beforeAll(async () => {
  installation = await startInstallation({
    worker: 'spawned',
    world: simpleWorld({ notion: { Tasks: 250 }, airtable: { Orders: 30 } }),
  });
  worker = startWorkerProcess(installation);
  await worker.healthUrl();
  await installation.sync();
  cwd = mkdtempSync(join(tmpdir(), 'appsync-stats-'));
});
afterAll(async () => {
  await installation.close();
  await worker.ended;
  rmSync(cwd, { recursive: true });
});

const command = (line: string, stdoutTTY = false) =>
  runLine(line, {
    cwd,
    real: true,
    stdoutTTY,
    env: {
      DATABASE_URL: installation.database.url,
      TEMPORAL_ADDRESS: testTemporal().address,
      NO_COLOR: '1',
    },
  });
interface Document {
  readonly workers: readonly WorkerReport[];
  readonly budgets: readonly { readonly account: string; readonly free: number }[];
  readonly sizes: { readonly tables: number; readonly largest: readonly object[] };
  readonly hours: readonly { readonly records: number; readonly requests: number }[];
  readonly totals: object;
}
const stats = async () => JSON.parse((await command('sync-stats --json')).stdout) as Document;

describe('stats', () => {
  it('show what each live worker’s pools hold, and nothing secret', async () => {
    // A worker reports every ten seconds.
    const [report] = await until(async () => {
      const { workers } = await stats();
      return workers[0]?.pools.http.length === 2 ? workers : undefined;
    });
    expect(report?.pid).toBe(worker.child.pid);
    expect(report?.pools.postgres).toMatchObject({ most: 20, waiting: 0 });
    const { open, busy, idle, taken, reused } = report?.pools.postgres ?? {};
    expect(open).toBe(Number(busy) + Number(idle));
    expect(Number(taken) - Number(reused)).toBeGreaterThan(0);
    expect(reused).toBeGreaterThan(0);
    const notion = report?.pools.http.find(({ account }) => account === 'notion');
    expect(notion).toMatchObject({ most: 10, busy: 0, waiting: 0 });
    expect(notion?.taken).toBeGreaterThan(3);
    expect(JSON.stringify(report)).not.toContain(NOTION_TOKEN);
  });

  it('show budgets, sizes, work by hour and totals', async () => {
    const { budgets, sizes, hours, totals } = await stats();
    expect(budgets.map(({ account }) => account).toSorted()).toContain('notion');
    expect(sizes).toMatchObject({ tables: 2 });
    expect(sizes.largest).toContainEqual(expect.objectContaining({ table: 'notion.tasks' }));
    expect(hours).toHaveLength(24);
    expect(hours.reduce((sum, { records }) => sum + records, 0)).toBe(280);
    expect(hours.reduce((sum, { requests }) => sum + requests, 0)).toBe(
      installation.simulator.log.count(),
    );
    expect(totals).toMatchObject({
      sources: 2,
      enabled: 2,
      runs: 1,
      source_runs: 2,
      records_read: 280,
      records_written: 280,
      quarantined: 0,
    });
  });

  it('read as tables on a terminal', async () => {
    const { stdout, exitCode } = await command('stats', true);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^1 live worker\nWORKER +POOL +MOST +BUSY/);
    expect(stdout).toMatch(/[▁▂▃▄▅▆▇█]{24} {2}280 records\n/);
    expect(stdout).toContain('2 sources (2 enabled), 1 run, 2 source runs, 280 records read');
  });

  it('forget a worker that is silent for 30 s, and remove its row after an hour', async () => {
    const { pool } = installation.database;
    const [live] = await readLiveWorkers(pool);
    const silent = { ...(live as WorkerReport), id: 'silent' };
    await reportWorker(pool, silent);
    const age = (interval: string) =>
      pool.query(
        `update appsync.worker_report set reported_at = now() - $1::interval where id = 'silent'`,
        [interval],
      );
    await age('31 seconds');
    expect((await readLiveWorkers(pool)).map(({ id }) => id)).toEqual([live?.id]);
    await age('61 minutes');
    await reportWorker(pool, live as WorkerReport);
    const { rows } = await pool.query('select id from appsync.worker_report');
    expect(rows).toEqual([{ id: live?.id }]);
  });

  it('no longer show a worker that was told to stop', async () => {
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect((await stats()).workers).toEqual([]);
  });
});

describe('a worker that reports', () => {
  it('goes on and ends while Postgres is away', async () => {
    const away = openDatabase('postgres://postgres@127.0.0.1:1/none', 2);
    const about = { id: 'w', host: 'h', pid: 1, software: '0', started_at: '2026-01-01T00:00:00Z' };
    const reporting = startReporting(away, about, { postgres: watchPool(away), http: () => [] });
    await expect(reporting.stop()).resolves.toBeUndefined();
    await away.end();
  });
});

describe('a spark line', () => {
  it.each([
    [[0, 0], '▁▁'],
    [[0, 1, 1_000], '▁▂█'],
    [[7, 7], '██'],
  ])('of %p is %s', (values, line) => expect(sparkline(values)).toBe(line));
});
