import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startService } from '../../examples/bookshelf/service.mjs';
import type { RunSummary } from '../../src/contract/summary.ts';
import { NOTION_TOKEN, simpleWorld } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { run as runLine } from './fake-io.ts';
import { runInstalled } from './installed.ts';

const EXAMPLE = resolve('examples/bookshelf/platform.mjs');

let service: Awaited<ReturnType<typeof startService>>;
let installation: TestInstallation;
let cwd: string;

beforeAll(async () => {
  service = await startService();
  const env = { BOOKSHELF_TOKEN: service.token, BOOKSHELF_URL: service.url };
  installation = await startInstallation({ world: simpleWorld({ notion: { Tasks: 20 } }), env });
  // A catalog of its own: `init` writes it.
  await installation.database.pool.query('truncate appsync.account, appsync.catalog_file cascade');
  cwd = mkdtempSync(join(tmpdir(), 'appsync-plugins-'));
  writeFileSync(join(cwd, 'appsync.yaml'), `plugins:\n  bookshelf: ${EXAMPLE}\n`);
});
afterAll(async () => {
  await installation.close();
  await service.close();
  rmSync(cwd, { recursive: true });
});

const run = (line: string) =>
  runInstalled(line, {
    installation,
    cwd,
    env: {
      BOOKSHELF_TOKEN: service.token,
      BOOKSHELF_URL: service.url,
      NOTION_TOKEN: NOTION_TOKEN,
      NOTION_BASE_URL: installation.simulator.notionUrl,
    },
  });
const json = async <T = RunSummary>(line: string) =>
  JSON.parse((await run(`${line} --json`)).stdout) as T;
const books = async () =>
  (await installation.database.pool.query('select * from bookshelf.main_shelf order by _id')).rows;

describe('a platform from outside', () => {
  test('is found by init, which writes an account and a source for each shelf', async () => {
    const { exitCode, stderr } = await run('init --platform bookshelf --yes');
    expect([exitCode, stderr.match(/^error: .*/m)?.[0]]).toEqual([0, undefined]);
    const file = readFileSync(join(cwd, 'appsync.yaml'), 'utf8');
    expect(file).toContain('{ name: bookshelf, platform: bookshelf, token: env:BOOKSHELF_TOKEN }');
    expect(file).toMatch(/alias: main-shelf/);
  });

  test('is planned, then synced by a shortcut of its own, with typed columns', async () => {
    const plan = await json('sync-dry bookshelf');
    expect(plan.sources.map(({ alias }) => alias).toSorted()).toEqual([
      'empty-shelf',
      'main-shelf',
    ]);
    const summary = await json('sync-bookshelf --rate-limit 1000');
    expect(summary).toMatchObject({ status: 'complete', totals: { sources: 2, inserted: 250 } });
    expect((await books())[2]).toMatchObject({
      _id: 'b000003',
      title: 'Book 3',
      pages: '103',
      lent_out: true,
      tags: ['paper', 3],
    });
  });

  test('is asked for changes only the next time; a book that is gone is deleted by a full scan', async () => {
    service.edit('b000007', { title: 'A new title' });
    service.remove('b000009');
    const changed = await json('sync-bookshelf --rate-limit 1000');
    expect(changed).toMatchObject({
      status: 'complete',
      totals: { inserted: 0, updated: 1, deleted: 0 },
    });
    expect(await json('sync-full bookshelf --rate-limit 1000')).toMatchObject({
      status: 'complete',
      totals: { inserted: 0, updated: 0, deleted: 1 },
    });
    const rows = await books();
    expect(rows[6].title).toBe('A new title');
    expect(rows[8]._deleted_at).not.toBeNull();
  });

  test('is listed, inspected, watched, completed and shown like every other', async () => {
    const words = ['sync-list', 'sync-inspect', 'health --deep', 'config show', 'help shortcuts'];
    for (const line of [...words, 'sync-cheat --no-menu', 'completion bash', 'stats']) {
      const { stdout, exitCode } = await run(line);
      expect([line, exitCode, stdout.includes('bookshelf')]).toEqual([line, 0, true]);
    }
  });

  test('fails by itself when a token is refused', async () => {
    service.fail(401, 2);
    const summary = await json('sync-bookshelf --no-incremental --rate-limit 1000');
    expect(summary.status).not.toBe('complete');
    const [failed] = summary.sources.filter(
      ({ status }: { status: string }) => status === 'failed',
    );
    expect(failed?.error).toMatchObject({ type: 'Unauthorized' });
    expect(JSON.stringify(summary)).not.toContain(service.token);
  });
});

describe('a plug-in that cannot be loaded', () => {
  beforeAll(async () => {
    await run('init --platform notion --yes');
    const path = join(cwd, 'appsync.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace(EXAMPLE, './gone.mjs'));
  });

  test('stops nothing else, and its sources stay in the catalog as they were', async () => {
    const { exitCode, stderr } = await run('sync-all --rate-limit 1000');
    expect(stderr).toMatch(
      /warning: the plug-in bookshelf \(\.\/gone\.mjs\) cannot be loaded: Cannot find module/,
    );
    expect(exitCode).toBe(3);
    const { sources } = await json('runs show');
    expect(Object.fromEntries(sources.map(({ alias, status }) => [alias, status]))).toEqual({
      tasks: 'complete',
      'main-shelf': 'failed',
      'empty-shelf': 'failed',
    });
    const failed = sources.find(({ alias }) => alias === 'main-shelf');
    expect(failed?.error).toMatchObject({
      type: 'Misconfigured',
      message: expect.stringContaining('the plug-in bookshelf (./gone.mjs) cannot be loaded'),
    });
    expect(await books()).toHaveLength(250);
  });

  test('is back once it can be, without a change of the file but that', async () => {
    const path = join(cwd, 'appsync.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace('./gone.mjs', EXAMPLE));
    expect(await json('sync-all --rate-limit 1000')).toMatchObject({ status: 'complete' });
  });

  test('may not take the name of a platform or command', async () => {
    const path = join(cwd, 'other.yaml');
    writeFileSync(path, 'plugins: { notion: ./a.mjs, sync: ./b.mjs }\n');
    const { exitCode, stderr } = await runLine('sources apply', {
      cwd,
      env: {
        APPSYNC_CATALOG: path,
        DATABASE_URL: installation.database.url,
        TEMPORAL_ADDRESS: 'x:1',
      },
    });
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/plugins\.notion is a platform or command already/);
    expect(stderr).toMatch(/plugins\.sync is a platform or command already/);
  });
});
