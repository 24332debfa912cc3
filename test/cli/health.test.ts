import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Environment } from '../../src/config.ts';
import { AIRTABLE_TOKEN, NOTION_TOKEN, simpleWorld } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { testTemporal } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { run as runLine } from './fake-io.ts';

const NOTION = ['Tasks', 'People', 'Notes'];
let installation: TestInstallation;
let cwd: string;

beforeAll(async () => {
  installation = await startInstallation({
    world: simpleWorld({
      notion: Object.fromEntries(NOTION.map((title) => [title, 3])),
      airtable: { Orders: 3 },
    }),
  });
  await installation.sync();
  cwd = mkdtempSync(join(tmpdir(), 'appsync-health-'));
  // A worker asks a moment after it was made.
  await until(async () => (await health()).document.is_polled === true);
});
afterAll(async () => {
  await installation.close();
  rmSync(cwd, { recursive: true });
});

const command = (line: string, env: Environment = {}) =>
  runLine(line, {
    cwd,
    real: true,
    env: {
      DATABASE_URL: installation.database.url,
      TEMPORAL_ADDRESS: testTemporal().address,
      NOTION_TOKEN,
      AIRTABLE_TOKEN,
      NOTION_BASE_URL: installation.simulator.notionUrl,
      AIRTABLE_ENDPOINT_URL: installation.simulator.airtableUrl,
      ...env,
    },
  });

interface Document {
  readonly verdict: string;
  readonly is_polled: boolean | null;
  readonly postgres: string | null;
  readonly temporal: string | null;
  readonly findings: readonly {
    readonly kind: string;
    readonly about: readonly string[];
    readonly since: string | null;
  }[];
  readonly source_runs: unknown;
  readonly sources: readonly { readonly alias: string }[] | null;
  readonly accounts: unknown;
}
async function health(options = '', env: Environment = {}) {
  const { exitCode, stdout, stderr } = await command(`health --json ${options}`, env);
  expect(stderr).toBe('');
  const document = JSON.parse(stdout) as Document;
  return { exitCode, document, kinds: document.findings.map(({ kind }) => kind) };
}

/** Takes connections and never says a word. */
async function startHanging() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('health', () => {
  it('is one line and exit code 0 when all is well', async () => {
    const { exitCode, stdout, stderr } = await command('sync-health');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toBe('healthy  4 enabled sources, 4 of 4 source runs complete (100%) in 24 h\n');
  });

  it('tells the freshness of every source as JSON', async () => {
    const { exitCode, document } = await health();
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({
      verdict: 'healthy',
      hours: 24,
      postgres: null,
      temporal: null,
      source_runs: { complete: 4, incomplete: 0, failed: 0, success_rate: 1 },
      schedules: [],
      accounts: [],
    });
    expect(document.sources?.map(({ alias }) => alias)).toEqual([
      'notes',
      'orders',
      'people',
      'tasks',
    ]);
    expect(document.sources?.[0]).toMatchObject({ overdue_since: null, certified: true });
  });

  it('looks, when told to, at what each token can see', async () => {
    const { exitCode, document } = await health('--deep');
    expect(document.accounts).toMatchObject([
      { kind: 'accepted', account: 'airtable', sources: 1, out_of_sight: [] },
      { kind: 'accepted', account: 'notion', sources: 3, out_of_sight: [] },
    ]);
    expect(exitCode).toBe(0);
    const missing = await health('--deep', { NOTION_TOKEN: undefined });
    expect(missing).toMatchObject({ exitCode: 1, kinds: ['token_refused'] });
  });

  it('says which of two is down, and what the other knows', async () => {
    const hanging = await startHanging();
    const address = `127.0.0.1:${hanging.port}`;
    const noPostgres = await health('', { DATABASE_URL: `postgres://postgres@${address}/x` });
    expect(noPostgres).toMatchObject({ exitCode: 1, kinds: ['postgres_down'] });
    expect(noPostgres.document.postgres).toBe('Postgres did not answer within 3 s');
    const noTemporal = await health('', { TEMPORAL_ADDRESS: address });
    expect(noTemporal).toMatchObject({ exitCode: 1, kinds: ['temporal_down'] });
    expect(noTemporal.document.sources).toHaveLength(4);
    const neither = await health('', {
      DATABASE_URL: `postgres://postgres@${address}/x`,
      TEMPORAL_ADDRESS: address,
    });
    expect(neither.kinds).toEqual(['postgres_down', 'temporal_down']);
    await hanging.close();
  });

  it('misses a schedule where sources say when they are due, until there is one', async () => {
    await installation.catalog(({ sources }) => {
      for (const source of sources) source['every'] = '1h';
    });
    expect(await health()).toMatchObject({ exitCode: 3, kinds: ['schedule_missing'] });
    await command('schedule set --every 1h');
    await until(async () => (await health()).kinds.length === 0);
    await command('schedule pause');
    await until(async () => (await health()).kinds.includes('schedule_paused'));
    await command('schedule delete');
    await installation.catalog();
    await until(async () => (await health()).kinds.length === 0);
  });

  it('groups the sources of a revoked token, says since when, and lets go once they are complete', async () => {
    const { world } = installation.simulator;
    world.setRevoked(NOTION_TOKEN, true);
    const first = await installation.sync();
    const second = await installation.sync();
    const { exitCode, document } = await health();
    expect(exitCode).toBe(3);
    expect(document.findings).toEqual([
      expect.objectContaining({ kind: 'sources_failing', about: ['notes', 'people', 'tasks'] }),
    ]);
    const since = document.findings[0]?.since ?? '';
    expect(since > first.started_at && since < second.started_at).toBe(true);
    expect((await command('health')).stdout).toMatch(
      /^degraded {2}.*\n- 3 sources: Unauthorized: .*, since .*\n {2}notes, people, tasks\n {2}\S/,
    );
    world.setRevoked(NOTION_TOKEN, false);
    await installation.sync();
    expect(await health()).toMatchObject({ exitCode: 0, kinds: [] });
  });

  it('tells a run that pauses, and one whose workflow is gone', async () => {
    const { faults } = installation.simulator;
    faults.add({
      platform: 'airtable',
      path: '/v0/',
      times: 0,
      effect: { kind: 'named', name: 'bad gateway' },
    });
    const started = await installation.start();
    await until(async () => (await command(`runs pause ${started.runId}`)).exitCode === 0);
    await until(async () => (await health()).kinds.includes('run_paused'));
    await installation.temporal.client.workflow.getHandle(started.workflowId).terminate();
    await until(async () => (await health()).kinds.includes('run_lost'));
    await command(`runs cancel ${started.runId}`);
    faults.clear();
  });

  it.each(['0', 'soon', '1.5'])('does not take %s for hours', async (hours) => {
    const { exitCode, stderr } = await command(`health --hours ${hours}`);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`--hours "${hours}"`)]);
  });

  it('does not expect a platform to list what it has to be told about', async () => {
    const path = join(cwd, 'regions.csv');
    writeFileSync(path, 'id,name\n1,North\n');
    await installation.catalog((catalog) => {
      catalog.accounts.push({ name: 'disk', platform: 'files' });
      catalog.sources.push({ alias: 'regions', account: 'disk', ref: { path } });
    });
    const { document } = await health('--deep');
    const disk = { account: 'disk', kind: 'accepted', sources: 1, out_of_sight: [] };
    expect(document.accounts).toContainEqual(expect.objectContaining(disk));
  });
});
