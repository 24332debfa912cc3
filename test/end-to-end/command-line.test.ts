import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunSummary } from '../../src/contract/summary.ts';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import {
  AIRTABLE_TOKEN,
  NO_LIMITS,
  NOTION_TOKEN,
  startSimulator,
  type Simulator,
} from '../../src/sim/simulator.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testTemporal } from '../support/temporal.ts';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

let directory: string;
let database: TestDatabase;
let simulator: Simulator;
let worker: ChildProcess;
let env: Record<string, string>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'appsync command line '));
  database = await createTestDatabase();
  simulator = await startSimulator({
    world: {
      notion: {
        databases: [
          { title: 'Tasks', sources: [{ title: 'Tasks', records: 130 }] },
          { title: 'People', sources: [{ title: 'People', records: 20, awkward: true }] },
        ],
      },
      airtable: { bases: [{ name: 'Shop', tables: [{ title: 'Orders', records: 150 }] }] },
    },
    ...NO_LIMITS,
  });
  env = {
    PATH: process.env['PATH'] ?? '',
    HOME: directory,
    APPSYNC_HOME: join(directory, 'home'),
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: testTemporal().address,
    NOTION_TOKEN,
    NOTION_BASE_URL: simulator.notionUrl,
    AIRTABLE_TOKEN,
    AIRTABLE_ENDPOINT_URL: simulator.airtableUrl,
  };
  worker = spawn(process.execPath, [CLI, 'worker'], { cwd: directory, env, stdio: 'ignore' });
});

afterAll(async () => {
  worker.kill('SIGTERM');
  await new Promise((resolve) => worker.once('exit', resolve));
  await simulator.close();
  await database.drop();
  await rm(directory, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function appsync(args: readonly string[], more: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: directory,
    env: { ...env, ...more },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

describe('the command line with a Postgres and a Temporal of its own choosing', () => {
  it('finds what the tokens see and copies everything; counts and raw records are the platforms’', async () => {
    expect(await appsync(['init', '--yes'])).toMatchObject({ code: 0 });
    const ended = await appsync(['sync-all', '--json']);
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    const summary = JSON.parse(ended.stdout) as RunSummary;
    expect(summary).toMatchObject({ status: 'complete', totals: { sources: 3, read: 300 } });
    for (const source of summary.sources) {
      const truth = simulator.world.truth(source.external_id, { fieldsById: true });
      expect(source).toMatchObject({ status: 'complete', certified: true, read: truth.ids.length });
      expect(await compareWithTruth(database.pool, source.table, truth)).toEqual({
        rows: source.read,
        expected: source.read,
        lost: 0,
        surplus: 0,
        different: 0,
      });
    }
  });

  it('starts nothing local', () => {
    expect(existsSync(join(directory, 'home'))).toBe(false);
  });

  it('lists the sources that init wrote', async () => {
    const { code, stdout } = await appsync(['sources', 'list', '--json']);
    expect(code).toBe(0);
    const sources = JSON.parse(stdout) as { alias: string; last_status: string }[];
    expect(sources.map((source) => [source.alias, source.last_status])).toEqual([
      ['orders', 'complete'],
      ['people', 'complete'],
      ['tasks', 'complete'],
    ]);
  });

  it('returns at once with --no-wait and exit code 8', async () => {
    const { code, stdout } = await appsync(['tasks', '--no-wait', '--json']);
    expect(code).toBe(8);
    const started = JSON.parse(stdout) as { run_id: string };
    expect(started).toMatchObject({ status: 'running' });
    const watched = await appsync(['runs', 'watch', started.run_id, '--json']);
    expect(watched.code).toBe(0);
  });

  it('refuses an unknown target with exit code 2 and says what it may have been', async () => {
    const { code, stderr } = await appsync(['taks']);
    expect(code).toBe(2);
    expect(stderr).toContain('tasks');
    expect(stderr).toMatch(/^error: /m);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('ends with exit code 4 and no token on the screen when every token is refused', async () => {
    simulator.world.setRevoked(NOTION_TOKEN, true);
    const { code, stdout, stderr } = await appsync(['sync-notion']);
    simulator.world.setRevoked(NOTION_TOKEN, false);
    expect(code).toBe(4);
    expect(stdout + stderr).not.toContain(NOTION_TOKEN);
    expect(stdout + stderr).toContain('NOTION_TOKEN');
  });

  it('ends with exit code 5 and a hint when Postgres or Temporal cannot be reached', async () => {
    for (const unreachable of [
      { DATABASE_URL: 'postgres://127.0.0.1:1/nothing' },
      { TEMPORAL_ADDRESS: '127.0.0.1:1' },
    ]) {
      const { code, stderr } = await appsync(['sync-all'], unreachable);
      expect({ code, hint: /^ *hint: /m.test(stderr) }).toEqual({ code: 5, hint: true });
    }
  });
});
