import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandContext } from '../cli/command.ts';
import type { CliIo } from '../cli/io.ts';
import { stackSettings } from '../cli/stack-settings.ts';
import { readConfig } from '../config.ts';
import { ensureStack, stopStack, type StackSettings } from '../stack/stack.ts';
import { openDatabase, type Database } from '../store/database.ts';
import { demoCatalog } from './demo-catalog.ts';
import { stageEnvironment } from './demo-stage.ts';
import { startSimulatorProcess } from './simulator-process.ts';
import { simulatorControl, type SimulatorControl } from './simulator-control.ts';

/** The platforms' own limits (Notion's of the Business plan), so that a round has to wait for its budget. */
export const CHAOS_LIMITS = {
  notion: { rate: 10, window_ms: 60_000, requests: 600 },
  airtable: { rate: 5, window_ms: 1_000, requests: 5 },
} as const;

/** Airtable's own. */
const LOCKOUT_MS = 30_000;
const LATENCY_MS = 10;
const WORKER_RESTART_MS = 500;

/** A whole installation in a temporary directory: simulators, Postgres, Temporal and two workers. */
export interface ChaosStage {
  readonly control: SimulatorControl;
  readonly db: Database;
  readonly settings: StackSettings;
  /** The process as commands see it; each gets its own streams. */
  readonly io: CliIo;
  /** The program's file, for commands in processes of their own. */
  readonly command: string;
  /** The worker beside the stack's own; null while it is started again. */
  readonly secondWorker: () => number | null;
  /** Ends everything that was started and removes the directory. */
  close(): Promise<void>;
}

/** Sets the stage with a world of about `records` records. Throws AppsyncError, and leaves nothing behind then. */
export async function setChaosStage(
  context: CommandContext,
  { records, seed }: { readonly records: number; readonly seed: number },
): Promise<ChaosStage> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'appsync-chaos-')));
  // Postgres may run as another user, who has to pass through.
  await chmod(home, 0o711);
  const closing: (() => Promise<void>)[] = [() => rm(home, { recursive: true, force: true })];
  const close = async () => {
    for (const end of closing.toReversed()) await end();
  };
  try {
    const simulator = await startSimulatorProcess(simulatorArguments(records, seed));
    closing.push(() => simulator.close());
    await writeFile(join(home, 'appsync.yaml'), chaosCatalog());
    const env = stageEnvironment(context, home, simulator.url);
    const config = readConfig(env, home);
    const settings = await stackSettings(context, config, { worker: true });
    closing.push(() => stopStack(settings));
    const { databaseUrl } = await ensureStack(settings, (step) => context.output.note(step));
    const db = openDatabase(databaseUrl);
    closing.push(() => db.end());
    const second = keepSecondWorker(settings);
    closing.push(second.end);
    const io = { ...context.io, env, cwd: home, loadEnvironment: async () => env };
    const control = simulatorControl(simulator.url);
    const command = join(dirname(settings.workerEntry), 'cli', 'main.js');
    return { control, db, settings, io, command, secondWorker: second.pid, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const simulatorArguments = (records: number, seed: number): readonly string[] =>
  Object.entries({
    records,
    seed,
    'notion-limit': CHAOS_LIMITS.notion.requests,
    'airtable-limit': CHAOS_LIMITS.airtable.requests,
    'lockout-ms': LOCKOUT_MS,
    'latency-ms': LATENCY_MS,
  }).flatMap(([name, value]) => [`--${name}`, String(value)]);

const chaosCatalog = () =>
  demoCatalog({ notion: CHAOS_LIMITS.notion.rate, airtable: CHAOS_LIMITS.airtable.rate });

/** A worker as another machine would run it: nobody but this process starts it again. */
function keepSecondWorker(settings: StackSettings) {
  let child: ChildProcess | null = null;
  let ending = false;
  const keep = async () => {
    while (!ending) {
      const addresses = await ensureStack(settings, () => {}).catch(() => null);
      if (addresses !== null && !ending) {
        child = spawn(process.execPath, [settings.workerEntry], {
          stdio: 'ignore',
          env: {
            ...settings.env,
            DATABASE_URL: addresses.databaseUrl,
            TEMPORAL_ADDRESS: addresses.temporalAddress,
          },
        });
        await once(child, 'exit');
        child = null;
      }
      if (!ending) await sleep(WORKER_RESTART_MS);
    }
  };
  const kept = keep();
  return {
    pid: () => child?.pid ?? null,
    end: async () => {
      ending = true;
      child?.kill('SIGKILL');
      await kept;
    },
  };
}
