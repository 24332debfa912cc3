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
