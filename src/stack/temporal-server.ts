import { existsSync, rmSync } from 'node:fs';

import { SEARCH_ATTRIBUTES } from '../contract/names.ts';
import { AppsyncError, EXIT } from '../errors.ts';
import { PLAIN_ENVIRONMENT, spawnDaemon } from './daemon.ts';
import { logTail, readLogFrom, sizeOf } from './log-files.ts';
import { isListening } from './ports.ts';
import { writePrivateFile } from './private-files.ts';
import { endProcess, findMarked, signal } from './processes.ts';
import { isOlder, type TemporalBinary } from './temporal-binary.ts';
import { waitUntil } from './wait.ts';

const READY_TIMEOUT_MS = 60_000;

export interface TemporalOptions {
  readonly binary: TemporalBinary;
  readonly port: number;
  /** `null`: no Web UI. */
  readonly uiPort: number | null;
  /** `null`: in memory only. */
  readonly databaseFile: string | null;
  readonly namespaces: readonly string[];
  /** More of the server's own settings, as `key=JSON`. */
  readonly settings?: readonly string[];
  readonly directory: string;
  readonly logFile: string;
}

/** A dev server that answers. */
export interface RunningTemporal {
  readonly pid: number;
  readonly port: number;
  readonly uiPort: number | null;
  /** Set when it was started here. */
  readonly ended?: Promise<void>;
}

/** Starts a dev server on 127.0.0.1 and waits until its namespaces and search attributes are there. */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const { binary, databaseFile, logFile, port } = options;
  if (databaseFile !== null && !existsSync(readyMarker(databaseFile))) removeDatabase(databaseFile);
  const logged = sizeOf(logFile);
  const daemon = await spawnDaemon({
    name: 'Temporal',
    file: binary.path,
    args: temporalArguments(options),
    // A home of its own: the person's Temporal profiles are for clients, not for this server.
    env: { ...PLAIN_ENVIRONMENT, HOME: options.directory },
    cwd: options.directory,
    logFile,
  });
  // The server prints its address after it has registered namespaces and search attributes.
  const ready = async () =>
    /Server:\s/.test(readLogFrom(logFile, logged)) && (await isListening(port));
  await waitUntil(async () => daemon.hasEnded() || (await ready()), READY_TIMEOUT_MS);
  if (!daemon.hasEnded() && (await ready())) {
    if (databaseFile !== null) writePrivateFile(readyMarker(databaseFile), '');
    return { pid: daemon.pid, port, uiPort: options.uiPort, ended: daemon.ended };
  }
  if (!daemon.hasEnded()) signal(daemon.pid, 'SIGKILL');
  throw new AppsyncError(EXIT.unreachable, `Temporal did not start on port ${port}`, {
    reason: logTail(logFile, logged),
    hint: `read ${logFile}; or set TEMPORAL_ADDRESS to a server that runs`,
  });
}

/** The server that runs on a database file below the mark's directory, whoever started it. */
export async function findRunningTemporal(mark: string): Promise<RunningTemporal | null> {
  for (const { pid, commandLine } of findMarked(mark)) {
    const port = Number(/ --port=(\d+)/.exec(commandLine)?.[1]);
    const uiPort = Number(/ --ui-port=(\d+)/.exec(commandLine)?.[1] ?? Number.NaN);
    const answers = await waitUntil(() => isListening(port), 5_000);
    if (answers) return { pid, port, uiPort: Number.isNaN(uiPort) ? null : uiPort };
    await endProcess(pid, mark, 'SIGTERM', 5_000);
  }
  return null;
}

/** A database file belongs to one version of the server: its schema is written once and never migrated. */
export const temporalDatabaseFile = (directory: string, version: string): string =>
  `${directory}/temporal-${version}.db`;

function temporalArguments(options: TemporalOptions): string[] {
  const { binary, port, uiPort, databaseFile } = options;
  return [
    'server',
    'start-dev',
    '--ip=127.0.0.1',
    `--port=${port}`,
    '--log-level=warn',
    ...(uiPort === null ? ['--headless'] : [`--ui-port=${uiPort}`, '--ui-ip=127.0.0.1']),
    ...(uiPort === null || isOlder(binary.version, [1, 8]) ? [] : ['--ui-disable-news-fetch']),
    ...(databaseFile === null
      ? []
      : [
          `--db-filename=${databaseFile}`,
          '--sqlite-pragma=journal_mode=WAL',
          '--sqlite-pragma=synchronous=NORMAL',
        ]),
    // A single-shard server reads its transfer queue 20 times a second: 30 ms of every step is waiting.
    '--dynamic-config-value=history.transferProcessorMaxPollRPS=2000',
    ...(options.settings ?? []).map((setting) => `--dynamic-config-value=${setting}`),
    ...SEARCH_ATTRIBUTES.map((name) => `--search-attribute=${name}=Keyword`),
    ...options.namespaces.map((name) => `--namespace=${name}`),
  ];
}

// The server writes its schema only when the file is absent, so one left by a first start that was cut
// short would never work. The marker says that a start on this file once succeeded.
const readyMarker = (databaseFile: string) => `${databaseFile}.ready`;

function removeDatabase(databaseFile: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(databaseFile + suffix, { force: true });
}
