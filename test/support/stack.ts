import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findMarked } from '../../src/stack/processes.ts';
import { stackFiles } from '../../src/stack/stack-files.ts';
import type { StackSettings } from '../../src/stack/stack.ts';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Does what a worker does for the stack: lives until it is told to end. */
const WORKER = `process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1e6);`;
const DYING_WORKER = `console.error('NOTION_TOKEN is not a token'); process.exit(1);`;

/** Settings for a stack in a directory, with the supervisor from the sources and a worker that only lives. */
export async function stackSettings(
  directory: string,
  changes: Partial<StackSettings> = {},
): Promise<StackSettings> {
  await mkdir(directory, { recursive: true });
  const workerEntry = join(directory, 'worker.mjs');
  await writeFile(workerEntry, WORKER);
  await writeFile(join(directory, 'dying-worker.mjs'), DYING_WORKER);
  return {
    home: join(directory, 'home'),
    temporalCliPath: process.env['TEMPORAL_CLI_PATH'],
    workerEntry,
    supervisorEntry: path('../../src/stack/supervisor.ts'),
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_OPTIONS: `--import ${new URL('./typescript.js', import.meta.url).href}`,
    },
    fingerprint: 'first',
    graceSeconds: 10,
    needsWorker: true,
    verbose: false,
    log: () => {},
    ...changes,
  };
}

/**
 * Pids of everything that runs for a home; of Postgres the server. A process that it has just forked for a connection
 * bears its command line for a moment.
 */
export function processesOf(home: string): number[] {
  return Object.values(stackFiles(home).marks).flatMap((mark) => {
    const pids = findMarked(mark).map(({ pid }) => pid);
    return pids.length < 2 ? pids : pids.filter((pid) => !pids.includes(parentOf(pid)));
  });
}

function parentOf(pid: number): number {
  const { stdout } = spawnSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(stdout);
}

/** Pid of the one supervisor of a home. */
export function supervisorOf(home: string): number {
  const found = findMarked(stackFiles(home).marks.supervisor);
  if (found.length !== 1) throw new Error(`${found.length} supervisors run for ${home}`);
  return found[0]?.pid ?? 0;
}
