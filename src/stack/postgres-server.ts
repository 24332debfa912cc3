import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppsyncError, EXIT } from '../errors.ts';
import { spawnDaemon, type Daemon } from './daemon.ts';
import { logTail, sizeOf } from './log-files.ts';
import { choosePostgresAccount } from './postgres-account.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import {
  POSTGRES_DATABASE,
  POSTGRES_ENVIRONMENT,
  POSTGRES_USER,
  dataOwner,
  openPostgresData,
  type PostgresData,
} from './postgres-data.ts';
import { endProcess, findMarked, isOurs } from './processes.ts';
import { waitUntil } from './wait.ts';

const READY_TIMEOUT_MS = 60_000;
const STATUS_LINE = 7;
const PORT_LINE = 3;

/** A Postgres that answers. */
export interface RunningPostgres {
  readonly pid: number;
  readonly port: number;
  /** Set when it was started here. */
  readonly ended?: Promise<void>;
}

/** Finds the binaries, chooses the account and initialises the data if that was never done. */
export function preparePostgres(directory: string): PostgresData {
  const binaries = findPostgresBinaries();
  const account = choosePostgresAccount(
    dataOwner(directory),
    [directory, binaries.directory],
    dirname(directory),
  );
  return openPostgresData(directory, account, binaries);
}

/** Starts Postgres on the port and waits until it accepts connections. */
export async function startPostgres(
  data: PostgresData,
  port: number,
  logFile: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningPostgres> {
  const { dataDirectory } = data;
  await removeStalePidFile(dataDirectory);
  const logged = sizeOf(logFile);
  const daemon = await spawnPostgres(
    data,
    { ...SETTINGS, ...settings, port: String(port) },
    logFile,
  );
  const ready = () => isReady(dataDirectory, daemon.pid);
  await waitUntil(() => daemon.hasEnded() || ready(), READY_TIMEOUT_MS);
  if (!daemon.hasEnded() && ready()) return { pid: daemon.pid, port, ended: daemon.ended };
  await endProcess(daemon.pid, postgresMark(dataDirectory), 'SIGQUIT', 5_000);
  throw new AppsyncError(EXIT.unreachable, `Postgres did not start on port ${port}`, {
    reason: logTail(logFile, logged),
    hint: `read ${logFile}; or set DATABASE_URL to a Postgres of your own`,
  });
}

function spawnPostgres(
  { account, binaries, directory, dataDirectory }: PostgresData,
  settings: Readonly<Record<string, string>>,
  logFile: string,
): Promise<Daemon> {
  const { uid, gid, prefix } = account;
  const [file = '', ...args] = [
    ...prefix,
    binaries.postgres,
    postgresMark(dataDirectory),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  return spawnDaemon({
    name: 'Postgres',
    file,
    args,
    cwd: directory,
    env: POSTGRES_ENVIRONMENT,
    logFile,
    ...(uid === null || gid === null ? {} : { uid, gid }),
  });
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  // No socket file: its path may not be longer than 107 bytes, and TCP is all that is used.
  unix_socket_directories: '',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  jit: 'off',
} as const;

/** What every Postgres on this data directory has in its command line. */
export const postgresMark = (dataDirectory: string): string => `-D${dataDirectory}/`;

/** The Postgres that runs on a data directory, whoever started it. */
export function findRunningPostgres(dataDirectory: string): RunningPostgres | null {
  const lines = readPidFile(dataDirectory);
  const pid = Number(lines[0]);
  const port = Number(lines[PORT_LINE]);
  return lines.length > PORT_LINE && isOurs(pid, postgresMark(dataDirectory))
    ? { pid, port }
    : null;
}

/** Whether Postgres says of itself that it accepts connections. */
export function isReady(dataDirectory: string, pid: number): boolean {
  const lines = readPidFile(dataDirectory);
  return Number(lines[0]) === pid && lines[STATUS_LINE]?.trim() === 'ready';
}

export function postgresUrl(port: number, password: string): string {
  return `postgres://${POSTGRES_USER}:${password}@127.0.0.1:${port}/${POSTGRES_DATABASE}`;
}

function readPidFile(dataDirectory: string): readonly string[] {
  try {
    return readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}

/**
 * Postgres refuses to start while the pid in its pid file lives, even when the machine was restarted and
 * that pid now belongs to another program. A Postgres that runs but has not written its file yet is
 * waited for: removing the file behind its back would let a second one in.
 */
async function removeStalePidFile(dataDirectory: string): Promise<void> {
  const mark = postgresMark(dataDirectory);
  await waitUntil(
    () => findRunningPostgres(dataDirectory) !== null || findMarked(mark).length === 0,
    5_000,
  );
  if (findRunningPostgres(dataDirectory) === null) {
    rmSync(join(dataDirectory, 'postmaster.pid'), { force: true });
  }
}
