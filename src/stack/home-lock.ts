import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { AppsyncError, EXIT } from '../errors.ts';
import { fileError } from './private-files.ts';
import { identityOf } from './processes.ts';
import { sleep } from './wait.ts';

const POLL_MS = 25;
const BREAK_MS = 5_000;

/** Runs `work` while no other process holds the lock file. Throws (exit 5) after `timeoutMs` of waiting. */
export async function withLock<T>(
  path: string,
  timeoutMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  while (!takeLock(path)) {
    breakIfStale(path);
    if (Date.now() > end) throw heldError(path);
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function takeLock(path: string): boolean {
  try {
    writeFileSync(path, identityOf(process.pid) ?? '', { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw fileError(`cannot create ${path}`, error);
  }
}

/**
 * Removes a lock whose holder has ended. Between looking and removing, another process might have
 * removed it and taken the lock itself, so both happen under a second lock that is held only for that.
 */
function breakIfStale(path: string): void {
  if (isHeld(path)) return;
  const breaking = `${path}.break`;
  if (!takeLock(breaking)) {
    if (ageOf(breaking) > BREAK_MS) rmSync(breaking, { force: true });
    return;
  }
  if (!isHeld(path)) rmSync(path, { force: true });
  rmSync(breaking, { force: true });
}

/** An empty lock is one that is just being written; or, when old, one cut short by a crash. */
function isHeld(path: string): boolean {
  const holder = readOrEmpty(path);
  if (holder === '') return ageOf(path) < BREAK_MS;
  return holder === identityOf(Number.parseInt(holder, 10));
}

function ageOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? 0 : Date.now() - stats.mtimeMs;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const heldError = (path: string) =>
  new AppsyncError(
    EXIT.unreachable,
    `another command (pid ${Number.parseInt(readOrEmpty(path), 10)}) is busy with the local stack`,
    {
      hint: `wait for it, or end it; then remove ${path} if it is still there`,
    },
  );
