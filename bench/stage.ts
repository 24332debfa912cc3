import { chmod, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { AIRTABLE_TOKEN, NOTION_TOKEN } from '../src/sim/simulator.ts';
import { catalogOf, type CatalogOptions } from './catalog.ts';
import { runWell, type CommandEnd } from './run-command.ts';
import { startBenchSimulator, type BenchSimulator, type Limits } from './simulator.ts';
import type { BenchWorld } from './worlds.ts';

const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

export type Environment = Readonly<Record<string, string | undefined>>;

/** What every workload gets from the process that runs it. */
export interface BenchContext {
  /** Of the bench itself: PATH, HOME and where Temporal's CLI is. */
  readonly env: Environment;
  /** Aborts when the bench is told to stop. */
  readonly signal: AbortSignal;
  readonly rounds: number;
  /** Smaller worlds: to see that the bench works, not to quote. */
  readonly quick: boolean;
  /** A line for whoever watches. */
  readonly tell: (line: string) => void;
}

/** Processes of a stack, as `appsync status --json` names them. */
export interface StackProcesses {
  readonly postgres: number;
  readonly temporal: number;
  readonly worker: number;
  readonly workerStartedAt: string;
}

/** An installation of its own in a temporary directory: simulator, Postgres, Temporal and a worker. */
export interface Stage {
  readonly home: string;
  readonly simulator: BenchSimulator;
  readonly world: BenchWorld;
  readonly databaseUrl: string;
  readonly db: pg.Pool;
  /** Of commands: the stage's home, catalog and platforms, and no other servers. */
  readonly env: Environment;
  readonly signal: AbortSignal;
  /** Runs a command line of the build, which has to succeed. */
  appsync(...args: readonly string[]): Promise<CommandEnd>;
  /** Writes the catalog anew and applies it. */
  applyCatalog(options?: CatalogOptions): Promise<void>;
  processes(): Promise<StackProcesses>;
  close(): Promise<void>;
}

/** Sets it up. Whatever fails or is interrupted, nothing is left behind. */
export async function openStage(
  context: BenchContext,
  world: BenchWorld,
  limits?: Limits,
): Promise<Stage> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'appsync-bench-')));
  // Postgres may run as another user, who has to pass through.
  await chmod(home, 0o711);
  const closing: (() => Promise<unknown>)[] = [() => rm(home, { recursive: true, force: true })];
  const close = async () => {
    for (const end of closing.toReversed()) await end();
  };
  try {
    const simulator = await startBenchSimulator(world, limits);
    closing.push(() => simulator.close());
    const env = stageEnvironment(context.env, home, simulator.url);
    const command = (args: readonly string[]) => ({
      program: process.execPath,
      args: [CLI, ...args],
      env,
      cwd: home,
    });
    const appsync = (...args: readonly string[]) => runWell(command(args), context.signal);
    const applyCatalog = async (options?: CatalogOptions) => {
      await writeFile(join(home, 'appsync.yaml'), catalogOf(world.sources, options));
      await appsync('sources', 'apply');
    };
    // Also after an interruption, when the context's signal would forbid it.
    closing.push(() => runWell(command(['down']), AbortSignal.timeout(60_000)));
    await applyCatalog();
    await appsync('up');
    const status = async () => JSON.parse((await appsync('status', '--json')).stdout) as Status;
    const databaseUrl = (await status()).postgres.url;
    const db = new pg.Pool({ connectionString: databaseUrl, max: 4 });
    // A stack that goes down ends idle connections; that is no failure of the bench.
    db.on('error', () => {});
    closing.push(() => db.end());
    const processes = async () => processesOf(await status());
    const { signal } = context;
    return {
      home,
      simulator,
      world,
      databaseUrl,
      db,
      env,
      signal,
      appsync,
      applyCatalog,
      processes,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Sets a stage for the length of `use`. */
export async function withStage<T>(
  context: BenchContext,
  world: BenchWorld,
  use: (stage: Stage) => Promise<T>,
  limits?: Limits,
): Promise<T> {
  const stage = await openStage(context, world, limits);
  try {
    return await use(stage);
  } finally {
    await stage.close();
  }
}

interface Status {
  readonly postgres: { readonly url: string; readonly pid: number };
  readonly temporal: { readonly pid: number };
  readonly workers: readonly { readonly pid: number; readonly started_at: string }[];
}

function processesOf({ postgres, temporal, workers }: Status): StackProcesses {
  const [worker] = workers;
  if (worker === undefined) throw new Error('the stack has no worker');
  return {
    postgres: postgres.pid,
    temporal: temporal.pid,
    worker: worker.pid,
    workerStartedAt: worker.started_at,
  };
}

function stageEnvironment(env: Environment, home: string, origin: string): Environment {
  const { PATH, HOME, TMPDIR, TEMPORAL_CLI_PATH, XDG_CACHE_HOME, NODE_OPTIONS } = env;
  return {
    PATH,
    HOME,
    TMPDIR,
    TEMPORAL_CLI_PATH,
    XDG_CACHE_HOME,
    NODE_OPTIONS,
    APPSYNC_HOME: home,
    APPSYNC_CATALOG: join(home, 'appsync.yaml'),
    NOTION_TOKEN,
    NOTION_BASE_URL: origin,
    AIRTABLE_TOKEN,
    AIRTABLE_ENDPOINT_URL: origin,
  };
}
