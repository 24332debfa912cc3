import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePorts } from '../../src/stack/ports.ts';
import { postgresUrl, preparePostgres, startPostgres } from '../../src/stack/postgres-server.ts';
import { findTemporalBinary } from '../../src/stack/temporal-binary.ts';
import { startTemporal } from '../../src/stack/temporal-server.ts';
import type { TestServers } from './addresses.ts';
import { createReapedDirectory } from './reaped-directory.ts';

const TEMPLATE = 'appsync_template';

/**
 * One Postgres and one Temporal for all test files, in a directory of their own. Nothing of it is meant
 * to last: no fsync, Temporal in memory, and a reaper that ends both when this process does.
 */
export async function startServers(temporalSettings: readonly string[] = []): Promise<{
  addresses: TestServers;
  stop: () => Promise<void>;
}> {
  const { path: directory, watch, end } = await createReapedDirectory();
  try {
    const [postgresPort = 0, temporalPort = 0] = await freePorts(2);
    const [postgres, temporal, bundlePath] = await Promise.all([
      postgresWithTemplate(directory, postgresPort, watch),
      temporalServer(directory, temporalPort, watch, temporalSettings),
      workflowBundle(directory),
    ]);
    return {
      addresses: { postgres, template: TEMPLATE, temporal, namespace: 'default', bundlePath },
      stop: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

async function postgresWithTemplate(
  directory: string,
  port: number,
  watch: (pid: number) => void,
): Promise<string> {
  const data = preparePostgres(join(directory, 'postgres'));
  const { pid } = await startPostgres(data, port, join(directory, 'postgres.log'), {
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
  });
  watch(pid);
  const admin = postgresUrl(port, data.password);
  await createTemplate(admin);
  return admin;
}

async function createTemplate(admin: string): Promise<void> {
  await inPool(admin, async (pool) => void (await pool.query(`create database ${TEMPLATE}`)));
  const template = new URL(admin);
  template.pathname = TEMPLATE;
  const { migrate } = await import('../../src/store/migrate.ts');
  await inPool(template.href, migrate);
}

async function inPool(url: string, work: (pool: pg.Pool) => Promise<void>): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  try {
    await work(pool);
  } finally {
    await pool.end();
  }
}

/** A Temporal server of one test's own, with settings that the shared one must not have; in memory. */
export async function startOwnTemporal(settings: readonly string[] = []): Promise<OwnTemporal> {
  const { path, watch, end } = await createReapedDirectory();
  try {
    const [port = 0] = await freePorts(1);
    const pids: number[] = [];
    const note = (pid: number) => void pids.push(pid);
    const address = await temporalServer(path, port, note, settings);
    for (const pid of pids) watch(pid);
    return { address, pid: pids[0] ?? 0, stop: end };
  } catch (error) {
    await end();
    throw error;
  }
}

export interface OwnTemporal {
  readonly address: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

async function temporalServer(
  directory: string,
  port: number,
  watch: (pid: number) => void,
  settings: readonly string[],
): Promise<string> {
  const home = join(directory, 'temporal');
  await mkdir(home);
  const binary = findTemporalBinary({
    temporalCliPath: process.env['TEMPORAL_CLI_PATH'],
    env: process.env,
    explain: () => {},
  });
  const { pid } = await startTemporal({
    binary,
    port,
    uiPort: null,
    databaseFile: null,
    namespaces: [],
    settings,
    directory: home,
    logFile: join(directory, 'temporal.log'),
  });
  watch(pid);
  return `127.0.0.1:${port}`;
}

/** The workflow bundle in a file, built once: a Worker given `workflowsPath` pays webpack each time. */
async function workflowBundle(directory: string): Promise<string> {
  const workflows = fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url));
  const path = join(directory, 'workflow-bundle.js');
  if (!existsSync(workflows)) return path;
  const { buildWorkflowBundle } = await import('../../src/worker-bundle.ts');
  await writeFile(path, await buildWorkflowBundle(workflows));
  return path;
}
