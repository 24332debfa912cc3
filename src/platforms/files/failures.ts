import { reasonOf, SyncFailure } from '../../errors.ts';

/** The code of an error of Node's, such as ENOENT; empty for anything else. */
export const errorCode = (thrown: unknown): string =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : '';

/** What the file system refused, as a failure of the source. */
export function fileFailure(thrown: unknown, path: string): unknown {
  switch (errorCode(thrown)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new SyncFailure('NotFound', `there is no file ${path}`, {
        hint: 'the file has to be where the worker runs: correct ref.path, or put it back',
      });
    case 'EACCES':
    case 'EPERM':
      return new SyncFailure('Forbidden', `${path} must not be read by this worker`);
    case 'EISDIR':
      return unusable(path, 'is a folder');
    case '':
      return thrown;
    default:
      return new SyncFailure('Unavailable', `${path} cannot be read: ${reasonOf(thrown)}`);
  }
}

/** A file that is there and cannot be read as what it should be: to try again does not help. */
export const unusable = (what: string, why: string, hint?: string): SyncFailure =>
  new SyncFailure('Misconfigured', `${what} ${why}`, { hint });
