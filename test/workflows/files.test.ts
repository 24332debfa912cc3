import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { syncRequest } from '../../src/cli/sync-options.ts';
import { readPlan } from '../../src/cli/sync-plan.ts';
import type { RunSummary } from '../../src/contract/summary.ts';
import { builtInPlatforms } from '../../src/platforms/registry.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;
let folder: string;
let server: Server;
/** What the server has under `/remote.csv`, and how often it sent it whole. */
let remote = { content: 'id,name\n1,one\n2,two\n', sent: 0 };

const COUNTRIES = Array.from({ length: 300 }, (_, i) => `C${i},Country ${i},${i * 1000}.50`);
const put = (name: string, content: string | Buffer) => writeFile(join(folder, name), content);
const putCountries = (lines: readonly string[]) =>
  put('countries.csv', `code,name,area\n${lines.join('\n')}\n`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'appsync-files-sync-'));
  server = createServer((request, response) => {
    const etag = `"${remote.content.length}-${remote.content}"`.replaceAll(/[^\w"-]/g, '');
    response.writeHead(200, { etag });
    if (request.method === 'GET') remote.sent += 1;
    response.end(request.method === 'GET' ? remote.content : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  installation = await startInstallation({ world: {} });
  await putCountries(COUNTRIES);
  await put('log.jsonl', '{"at":"2024-01-31T10:00:00Z","n":1}\n{"at":null,"n":2}\n');
  await put('packed.json.gz', gzipSync('[{"id":"a","tags":["x"]},{"id":"b","tags":[]}]'));
  await put('broken.csv', '');
  await installation.catalog((catalog) => {
    catalog.accounts.push({ name: 'disk', platform: 'files' });
    const source = (alias: string, ref: Readonly<Record<string, unknown>>) =>
      catalog.sources.push({ alias, account: 'disk', ref });
    source('broken', { path: join(folder, 'broken.csv') });
    source('countries', { path: join(folder, 'countries.csv'), key: 'code' });
    source('log', { path: join(folder, 'log.jsonl') });
    source('packed', { path: join(folder, 'packed.json.gz'), key: 'id' });
    source('remote', { url: `http://127.0.0.1:${port}/remote.csv`, key: 'id' });
  });
});
afterAll(async () => {
  await installation.close();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const rows = async (sql: string) =>
  (await installation.database.pool.query<Record<string, unknown>>(sql)).rows;

/** What a run did, by source. */
const told = ({ sources }: RunSummary) =>
  Object.fromEntries(
    sources.map(({ alias, status, mode, read, inserted, updated, deleted }) => [
      alias,
      [status, mode, read, inserted, updated, deleted].join(' '),
    ]),
  );

describe('files', () => {
  it('become typed tables, and one that cannot be read stops no other', async () => {
    const summary = await installation.sync();
    expect(summary.status).toBe('partial');
    expect(told(summary)).toEqual({
      broken: expect.stringMatching(/^failed/),
      countries: 'complete full 300 300 0 0',
      log: 'complete full 2 2 0 0',
      packed: 'complete full 2 2 0 0',
      remote: 'complete full 2 2 0 0',
    });
    expect(summary.sources[0]?.error).toMatchObject({
      type: 'Misconfigured',
      message: expect.stringMatching(/broken\.csv is empty/),
    });
    expect(
      await rows(`select _id, name, area, pg_typeof(area)::text as type from files.countries
                   where code in ('C0', 'C299') order by _id`),
    ).toEqual([
      { _id: 'C0', name: 'Country 0', area: '0.50', type: 'numeric' },
      { _id: 'C299', name: 'Country 299', area: '299000.50', type: 'numeric' },
    ]);
    expect(await rows('select _id, tags::text from files.packed order by _id')).toEqual([
      { _id: 'a', tags: '["x"]' },
      { _id: 'b', tags: '[]' },
    ]);
    expect(await rows('select at::text, n::text from files.log order by n')).toEqual([
      { at: expect.stringMatching(/^2024-01-31/), n: '1' },
      { at: null, n: '2' },
    ]);
  });

  it('are planned without requests that they do not take, and as read only if they changed', async () => {
    const { pool } = installation.database;
    const planned = await readPlan(
      pool,
      { ...syncRequest('all', {}), target: 'all' },
      {
        now: new Date(),
        platforms: builtInPlatforms(),
        env: {},
        schemas: new Map(),
        program: 'appsync',
      },
    );
    const of = (alias: string) => planned.sources.find((source) => source.alias === alias);
    expect(of('countries')).toMatchObject({
      reason: 'if it changed; else nothing is read',
      records: { least: 0, most: 300 },
      requests: { expected: 0, least: 0, most: 0 },
    });
    // Whether an address has something new is asked for.
    expect(of('remote')?.requests.least).toBeGreaterThan(0);
    expect(of('broken')?.requests).toEqual({ expected: 0, least: 0, most: 0 });
  });

  it('that did not change are neither read nor written', async () => {
    const { sent } = remote;
    const summary = await installation.sync();
    expect(told(summary)).toMatchObject({
      countries: 'complete incremental 0 0 0 0',
      log: 'complete incremental 0 0 0 0',
      packed: 'complete incremental 0 0 0 0',
      remote: 'complete incremental 0 0 0 0',
    });
    expect(summary.sources.map(({ batches }) => batches)).toEqual([0, 0, 0, 0, 0]);
    expect(remote.sent).toBe(sent);
  });

  it('write one row for a line that was edited, and delete one for a line that is gone', async () => {
    await putCountries(COUNTRIES.with(7, 'C7,Renamed,1').toSpliced(9, 1));
    remote = { content: 'id,name\n1,one\n2,deux\n3,three\n', sent: 0 };
    expect(told(await installation.sync())).toMatchObject({
      countries: 'complete full 299 0 1 1',
      remote: 'complete full 3 1 1 0',
      log: 'complete incremental 0 0 0 0',
    });
    expect(
      await rows(
        `select _id, name, _deleted_at is null as live from files.countries
          where _id in ('C7', 'C9') order by _id`,
      ),
    ).toEqual([
      { _id: 'C7', name: 'Renamed', live: true },
      { _id: 'C9', name: 'Country 9', live: false },
    ]);
  });

  it('with lines that are no rows keep the rest, and are not complete until they are mended', async () => {
    const sync = async () => told(await installation.sync({ kind: 'source', name: 'countries' }));
    await putCountries(['C1,bro"ken,1', ...COUNTRIES.slice(0, 1), ...COUNTRIES.slice(2)]);
    expect((await sync())['countries']).toMatch(/^incomplete full/);
    // Nothing is deleted while it is not known which row the line is.
    expect(
      await rows(`select name from files.countries where _id = 'C1' and _deleted_at is null`),
    ).toEqual([{ name: 'Country 1' }]);
    expect(await rows(`select reason from appsync.quarantine`)).toEqual([
      { reason: expect.stringMatching(/^line 2 has a quote where none may stand/) },
    ]);
    await putCountries(COUNTRIES);
    expect((await sync())['countries']).toMatch(/^complete full 300/);
    expect(await rows(`select reason from appsync.quarantine`)).toEqual([]);
  });

  it('change their table with their columns', async () => {
    await putCountries(['C0,zero,unknown', ...COUNTRIES.slice(1)]);
    const summary = await installation.sync({ kind: 'source', name: 'countries' });
    expect(told(summary)['countries']).toMatch(/^complete full 300/);
    expect(
      await rows(`select area, pg_typeof(area)::text as type from files.countries
                   where _id in ('C0', 'C1') order by _id`),
    ).toEqual([
      { area: 'unknown', type: 'text' },
      { area: '1000.50', type: 'text' },
    ]);
  });
});
