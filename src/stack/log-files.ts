import { mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const MAX_BYTES = 10 * 1024 * 1024;
const TAIL_LINES = 12;

/** Opens a log for appending (0600); one that has grown past 10 MB becomes `.1` first. */
export function openLogFile(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (sizeOf(path) > MAX_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

/** Bytes written so far: what a process says from here on is its own. */
export function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

/** What was written after `offset` bytes. */
export function readLogFrom(path: string, offset: number): string {
  try {
    return readFileSync(path).subarray(offset).toString('utf8');
  } catch {
    return '';
  }
}

/** The last lines of a log, for an error message. */
export function logTail(path: string, offset = 0): string {
  const lines = readLogFrom(path, offset).trimEnd().split('\n');
  return lines.slice(-TAIL_LINES).join('\n');
}

/** Level of pino's errors; a line of at least this says why a process ended. */
const ERROR_LEVEL = 50;

/** Why a process that logs JSON ended, as it said last: `worker ended: …: why`. Its last lines when it did not say. */
export function lastError(path: string): string {
  const lines = readLogFrom(path, 0).trimEnd().split('\n').slice(-TAIL_LINES);
  const said = lines.flatMap(loggedError).at(-1);
  return said ?? lines.join('\n');
}

function loggedError(line: string): readonly string[] {
  try {
    const { level, msg, reason } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (typeof level !== 'number' || level < ERROR_LEVEL || typeof msg !== 'string') return [];
    return [typeof reason === 'string' ? `${msg}: ${reason}` : msg];
  } catch {
    return [];
  }
}
