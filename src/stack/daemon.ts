import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { AppsyncError, EXIT, reasonOf } from '../errors.ts';
import { openLogFile } from './log-files.ts';

export interface DaemonCommand {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** A process that was started here. */
export interface Daemon {
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  readonly hasEnded: () => boolean;
}

/**
 * Starts a process in its own session with nothing of the caller's but a log file, so that it neither
 * gets the terminal's Ctrl-C nor keeps a pipe of the caller open. Resolves when it runs.
 */
export async function spawnDaemon(command: DaemonCommand): Promise<Daemon> {
  const log = openLogFile(command.logFile);
  try {
    const child = spawn(command.file, command.args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...command.env },
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      ...(command.uid === undefined ? {} : { uid: command.uid }),
      ...(command.gid === undefined ? {} : { gid: command.gid }),
    });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const pid = await spawnedPid(child);
    const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
    return { pid, ended, hasEnded };
  } catch (error) {
    throw new AppsyncError(EXIT.unreachable, `cannot run ${command.name} (${command.file})`, {
      reason: reasonOf(error),
      hint: `check that ${command.file} exists and may be executed`,
      cause: error,
    });
  } finally {
    closeSync(log);
  }
}

function spawnedPid(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
}

/** Enough to run Postgres and Temporal; nothing of the caller's, which could be a secret. */
export const PLAIN_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
} as const;
