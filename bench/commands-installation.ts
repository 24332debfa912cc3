import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import {
  AIRTABLE_TOKEN,
  NO_LIMITS,
  NOTION_TOKEN,
  startSimulator,
  type Simulator,
  type WorldSpec,
} from '../src/sim/simulator.ts';
import { openDatabase } from '../src/store/database.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const CLI = join(ROOT, 'dist/cli/main.js');
/** Tables of one Airtable base; a base has its own budget. */
const TABLES_OF_A_BASE = 50;
const RECORDS = 3;
/** Runs before the real one, so that history is as long as after weeks. */
const PAST_RUNS = 20;

export interface CommandEnd {
  readonly exitCode: number | null;
  readonly ms: number;
  /** Time of a processor that it took; other work on the machine changes it little. */
  readonly cpuMs: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An installation of its own: home, catalog, local stack and the simulated platforms that it was synced from. */
export interface BenchInstallation {
  readonly sources: number;
  /** A program with the installation's variables, in its directory. */
  run(program: string, args: readonly string[]): Promise<CommandEnd>;
  close(): Promise<void>;
}

/**
 * Brings up an installation of so many sources, half Notion, half Airtable, synced once and with a past. One that the
 * directory holds already is used again.
 */
export async function startInstallation(
  directory: string,
  sources: number,
): Promise<BenchInstallation> {
  await mkdir(directory, { recursive: true });
  const simulator = await startSimulator({ world: worldOf(sources), ...NO_LIMITS });
  const env = environmentOf(directory, simulator);
  const run = (program: string, args: readonly string[]) => runTimed(program, args, directory, env);
  const appsync = async (...args: readonly string[]): Promise<CommandEnd> => {
    const end = await run(process.execPath, [CLI, ...args]);
    if (end.exitCode !== 0) throw new Error(`appsync ${args.join(' ')} failed:\n${end.stderr}`);
    return end;
  };
  const close = async () => {
    try {
      await appsync('down');
    } finally {
      await simulator.close();
    }
  };
  try {
    await appsync('up');
    const catalog = join(directory, 'appsync.yaml');
    if (sources > 0 && !existsSync(catalog)) {
      await writeFile(catalog, catalogOf(simulator));
      await appsync('sync', 'all', '--preset', 'fast', '--rate-limit', '100000', '--json');
      const { stdout } = await appsync('status', '--json');
      await addPastRuns((JSON.parse(stdout) as { postgres: { url: string } }).postgres.url);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { sources, run, close };
}

function worldOf(sources: number): WorldSpec {
  const half = sources / 2;
  const titles = (platform: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${platform} ${String(i + 1).padStart(4, '0')}`);
  const tables = titles('Orders', half).map((title) => ({
    title,
    records: RECORDS,
    fields: 'few' as const,
  }));
  return {
    notion: {
      databases: titles('Tasks', half).map((title) => ({
        title,
        sources: [{ title, records: RECORDS, properties: 'few' as const }],
      })),
    },
    airtable: {
      bases: Array.from({ length: Math.ceil(half / TABLES_OF_A_BASE) }, (_, i) => ({
        name: `Base ${i + 1}`,
        tables: tables.slice(i * TABLES_OF_A_BASE, (i + 1) * TABLES_OF_A_BASE),
      })),
    },
  };
}

const APPLICATIONS = ['skyflow', 'ledger', 'atlas', 'harbour', 'quarry', 'meadow', 'orchard'];
const COMPONENTS = ['artefact', 'task', 'page', 'record', 'contact'];
const VAULTS = ['main', 'archive', 'private'];
const USERS = ['ops', 'finance', 'support', 'design'];

function catalogOf({ world }: Simulator): string {
  const pick = (names: readonly string[], index: number) => names[index % names.length];
  return stringify({
    accounts: [
      { name: 'notion', platform: 'notion', token: 'env:NOTION_TOKEN' },
      { name: 'airtable', platform: 'airtable', token: 'env:AIRTABLE_TOKEN' },
    ],
    applications: APPLICATIONS.map((slug) => ({ slug, name: slug })),
    vaults: VAULTS.map((name) => ({ id: name, name })),
    users: USERS.map((username) => ({ id: username, username })),
    sources: world.sources().map(({ platform, title, externalId }, i) => ({
      alias: title.toLowerCase().replace(' ', '-'),
      account: platform,
      ref: refOf(externalId),
      app: pick(APPLICATIONS, i),
      component: pick(COMPONENTS, i),
      vault: pick(VAULTS, i),
      user: pick(USERS, i),
      every: '1h',
      enabled: i % 10 !== 9,
    })),
  });
}

function refOf(externalId: string) {
  const [base, table] = externalId.split('/');
  return table === undefined ? { data_source: externalId } : { base, table };
}

function environmentOf(directory: string, simulator: Simulator): Readonly<Record<string, string>> {
  const { PATH = '', HOME = directory, TEMPORAL_CLI_PATH = '' } = process.env;
  return {
    PATH,
    HOME,
    ...(TEMPORAL_CLI_PATH === '' ? {} : { TEMPORAL_CLI_PATH }),
    NO_COLOR: '1',
    COLUMNS: '80',
    APPSYNC_HOME: join(directory, 'home'),
    NOTION_TOKEN,
    NOTION_BASE_URL: simulator.notionUrl,
    AIRTABLE_TOKEN,
    AIRTABLE_ENDPOINT_URL: simulator.airtableUrl,
  };
}

/** The real run with its platforms and sources once more, a day earlier each time. */
async function addPastRuns(databaseUrl: string): Promise<void> {
  const db = openDatabase(databaseUrl);
  try {
    await db.query(
      `with past as (select run.*, run.id || '-' || n as past_id, make_interval(days => n::int) as earlier
                       from appsync.run, generate_series(1, $1::int) n),
            runs as (insert into appsync.run
                       (id, workflow_id, target, filters, options, status, started_at, finished_at, metrics)
                     select past_id, workflow_id || past_id, target, filters, options, status,
                            started_at - earlier, finished_at - earlier, metrics from past returning id),
            platforms as (insert into appsync.platform_run
                            (run_id, workflow_id, platform, status, started_at, finished_at, metrics)
                          select past_id, of_run.workflow_id, platform, of_run.status,
                                 of_run.started_at - earlier, of_run.finished_at - earlier, of_run.metrics
                            from past join appsync.platform_run of_run on of_run.run_id = past.id)
       insert into appsync.source_run
         (run_id, source_id, workflow_id, status, mode, certified, evidence, metrics, started_at, finished_at)
       select past_id, source_id, of_run.workflow_id, of_run.status, mode, certified, evidence, of_run.metrics,
              of_run.started_at - earlier, of_run.finished_at - earlier
         from past join appsync.source_run of_run on of_run.run_id = past.id`,
      [PAST_RUNS],
    );
    await db.query('vacuum analyze');
  } finally {
    await db.end();
  }
}

/** Runs a program to its end; both times are those of the whole process. Its stderr is bash's third stream. */
function runTimed(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<CommandEnd> {
  const began = performance.now();
  const child = spawn(
    'bash',
    ['-c', 'TIMEFORMAT="%U %S"; time "$@" 2>&3', 'bash', program, ...args],
    { cwd, env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
  );
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => (stdout += String(chunk)));
  let times = '';
  child.stderr?.on('data', (chunk) => (times += String(chunk)));
  child.stdio[3]?.on('data', (chunk) => (stderr += String(chunk)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) =>
      resolve({ exitCode, ms: performance.now() - began, cpuMs: cpuMsOf(times), stdout, stderr }),
    );
  });
}

/** `0.104 0.020`: seconds in the program and in the kernel. */
const cpuMsOf = (times: string): number =>
  1_000 *
  times
    .trim()
    .split(' ')
    .reduce((sum, seconds) => sum + Number(seconds), 0);
