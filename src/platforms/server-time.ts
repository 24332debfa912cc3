import { SyncFailure } from '../errors.ts';

/** Watermarks rest on the server's clock, never on ours: an answer without a time is refused. */
export function serverTime(date: string | null, what: string): string {
  const time = Date.parse(date ?? '');
  if (Number.isNaN(time)) {
    throw new SyncFailure('InvalidAnswer', `The answer for ${what} has no Date header`);
  }
  return new Date(time).toISOString();
}
