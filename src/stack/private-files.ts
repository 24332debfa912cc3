import { chmodSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { AppsyncError, EXIT, reasonOf } from '../errors.ts';

/** Makes a directory that only we may enter. One that is there already keeps its mode. */
export function makePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileError(`cannot create ${path}`, error);
  }
}

/** Lets other users pass through a directory of ours without seeing what is in it. */
export function letOthersPass(path: string): void {
  const { mode } = statSync(path);
  if ((mode & 0o001) === 0) chmodSync(path, (mode & 0o777) | 0o011);
}

/** Replaces a file (0600) in one step: a reader sees the old or the new text, never half of it. */
export function writePrivateFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, text, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    throw fileError(`cannot write ${path}`, error);
  }
}

/** A disk or permission problem, for a person (exit 5). */
export function fileError(message: string, error: unknown): AppsyncError {
  const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
  return new AppsyncError(EXIT.unreachable, message, {
    reason: reasonOf(error),
    hint: full
      ? 'free some disk space, or set APPSYNC_HOME to a directory on another disk'
      : 'make it writable, or set APPSYNC_HOME to a directory that is',
    cause: error,
  });
}
