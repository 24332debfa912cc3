import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunSummary } from '../../src/contract/summary.ts';
import { PATHS } from '../../src/observe/health-server.ts';
import {
  AIRTABLE_TOKEN,
  NO_LIMITS,
  NOTION_TOKEN,
  simpleWorld,
  startSimulator,
  type Simulator,
} from '../../src/sim/simulator.ts';
import { freePorts } from '../../src/stack/ports.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { testServers } from '../support/addresses.ts';
import { runAppsync, type CliEnd } from '../support/cli-process.ts';
import { until } from '../support/until.ts';
import { probe } from '../support/worker-process.ts';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const WORKERS = ['first worker', 'second worker'];
const NAME = `external_${randomBytes(6).toString('hex')}`;

let directory: string;
let admin: Database;
let owned: Database;
let simulator: Simulator;
let env: Readonly<Record<string, string>>;
const workers: { readonly child: ChildProcess; readonly url: string }[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'appsync machines '));
  admin = openDatabase(testServers().postgres, 1);
  await admin.query(`create role ${NAME} login password '${NAME}'`);
  await admin.query(`create database ${NAME}`);
  await admin.query(`revoke all on database ${NAME} from public`);
  await admin.query(`grant connect, create on database ${NAME} to ${NAME}`);
  const url = new URL(testServers().postgres);
  [url.username, url.password, url.pathname] = [NAME, NAME, NAME];
  owned = openDatabase(url.href, 1);
  simulator = await startSimulator({
    world: simpleWorld({
      notion: { Tasks: 500, People: 500, Notes: 500 },
      airtable: { Orders: 500, Items: 500, Shops: 500 },
    }),
    ...NO_LIMITS,
  });
  env = {
    DATABASE_URL: url.href,
    TEMPORAL_ADDRESS: testServers().temporal,
    NOTION_TOKEN,
    NOTION_BASE_URL: simulator.notionUrl,
    AIRTABLE_TOKEN,
    AIRTABLE_ENDPOINT_URL: simulator.airtableUrl,
  };
  const ports = await freePorts(WORKERS.length);
  for (const [i, name] of WORKERS.entries()) await startWorker(name, ports[i] ?? 0);
});

afterAll(async () => {
  for (const { child } of workers) child.kill('SIGTERM');
  await Promise.all(workers.map(async ({ child }) => child.exitCode ?? (await ended(child))));
  await owned.end();
  await simulator.close();
  await admin.query(`drop database ${NAME} with (force)`);
  await admin.query(`drop role ${NAME}`);
  await admin.end();
  await rm(directory, { recursive: true });
});

const ended = (child: ChildProcess) => new Promise((resolve) => child.once('exit', resolve));

/** A directory stands for a machine. */
async function machine(name: string): Promise<string> {
  const path = join(directory, name);
  await mkdir(path, { recursive: true });
  return path;
}

async function startWorker(name: string, port: number): Promise<void> {
  const child = spawn(process.execPath, [CLI, 'worker'], {
    cwd: await machine(name),
    env: { PATH: process.env['PATH'], ...env, APPSYNC_HEALTH_ADDRESS: `127.0.0.1:${port}` },
    stdio: 'ignore',
  });
  workers.push({ child, url: `http://127.0.0.1:${port}` });
}

const appsync = async (where: string, ...args: string[]): Promise<CliEnd> =>
  runAppsync(args, await machine(where), env);

async function syncAll(where: string): Promise<RunSummary> {
  const { code, stdout, stderr } = await appsync(where, 'sync-full', '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as RunSummary;
}

/** Batches that a worker merged since it started. */
async function mergedBy(url: string): Promise<number> {
  const { text } = await probe(url + PATHS.metrics);
  const samples = text.matchAll(/^appsync_batches_total\{[^}]*\} (\d+)$/gm);
  return [...samples].reduce((sum, [, count]) => sum + Number(count), 0);
}

const isReady = (url: string) =>
  probe(url + PATHS.ready).then(
    ({ status }) => status === 200,
    () => false,
  );

describe('two workers, and commands on machines of their own', () => {
  it('share a run that a machine without the catalog file starts, by a role that may connect and create', async () => {
    await until(async () =>
      (await Promise.all(workers.map(({ url }) => isReady(url)))).every(Boolean),
    );
    expect(await appsync('catalog', 'init', '--yes')).toMatchObject({ code: 0 });
    const summary = await syncAll('elsewhere');
    expect(summary).toMatchObject({ status: 'complete', totals: { sources: 6, read: 3_000 } });
    expect(existsSync(join(directory, 'elsewhere', 'appsync.yaml'))).toBe(false);
    const merged = await Promise.all(workers.map(({ url }) => mergedBy(url)));
    expect(Math.min(...merged)).toBeGreaterThan(0);
    expect((merged[0] ?? 0) + (merged[1] ?? 0)).toBe(30);
    const { rows } = await owned.query<{ superuser: boolean }>(
      'select rolsuper as superuser from pg_roles where rolname = current_user',
    );
    expect(rows).toEqual([{ superuser: false }]);
  });

  it('need no right to create once their schemas are there', async () => {
    await admin.query(`revoke create on database ${NAME} from ${NAME}`);
    expect(await syncAll('elsewhere')).toMatchObject({ status: 'complete' });
  });

  it('start nothing local and write no file', () => {
    for (const name of [...WORKERS, 'elsewhere']) {
      expect(existsSync(join(directory, name, '.appsync'))).toBe(false);
    }
  });
});
