import { ApplicationFailure, CancelledFailure, CompleteAsyncError } from '@temporalio/activity';
import pg from 'pg';
import { NON_RETRYABLE_FAILURES, type FailureType } from '../contract/failures.ts';
import { AppsyncError, SyncFailure, reasonOf } from '../errors.ts';
import { BLOCK_MARGIN_MS } from '../platforms/rate-limit.ts';

/**
 * Beyond this a source ends as incomplete instead of waiting: nothing queues up behind it. Five minutes as a platform
 * names them, or as the budget has them who asks next.
 */
const LONGEST_WAIT_MS = 5 * 60_000 + BLOCK_MARGIN_MS;

/** `nextRetryDelay: 0` would switch retries off at the server. */
const SHORTEST_WAIT_MS = 1_000;

/**
 * SQLSTATE classes that another attempt can cure: connection, transaction state (a server that just became
 * read-only, one that idled too long), rollback (deadlock, serialization), resources, shutdown.
 */
const PASSING_SQLSTATES = /^(08|25|40|53|55|57|58|XX)/;

/**
 * Turns whatever an activity threw into a failure with a type that workflows decide by. Messages hold no
 * token and no record content: Postgres errors lose their detail, which quotes values.
 */
export function activityFailure(thrown: unknown): Error {
  if (thrown instanceof CancelledFailure || thrown instanceof CompleteAsyncError) return thrown;
  if (thrown instanceof ApplicationFailure) return thrown;
  const failure = syncFailure(thrown);
  const tooLong = failure.type === 'RateLimited' && (failure.retryAfterMs ?? 0) > LONGEST_WAIT_MS;
  const type: FailureType = tooLong ? 'Blocked' : failure.type;
  const blocked_until = type === 'Blocked' ? fullMinuteAfter(failure.retryAfterMs) : undefined;
  const until =
    blocked_until === undefined
      ? ''
      : `; nothing is asked before ${blocked_until.slice(0, 16).replace('T', ' ')} UTC`;
  const hint = failure.hint ?? (blocked_until === undefined ? undefined : GO_ON_LATER);
  return ApplicationFailure.create({
    type,
    message: `${failure.message}${until}`,
    nonRetryable: NON_RETRYABLE_FAILURES.includes(type),
    ...(failure.retryAfterMs === undefined || tooLong
      ? {}
      : { nextRetryDelay: Math.max(SHORTEST_WAIT_MS, failure.retryAfterMs) }),
    details: [
      {
        ...(hint === undefined ? {} : { hint }),
        ...(blocked_until === undefined ? {} : { blocked_until }),
      },
    ],
  });
}

const GO_ON_LATER = 'sync again after that: it goes on where it stood';
const MINUTE_MS = 60_000;

/** Rounded up, so that the sources that one block stops say the same. */
function fullMinuteAfter(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined;
  return new Date(Math.ceil((Date.now() + ms) / MINUTE_MS) * MINUTE_MS).toISOString();
}

function syncFailure(thrown: unknown): SyncFailure {
  if (thrown instanceof SyncFailure) return thrown;
  if (thrown instanceof AppsyncError) {
    return new SyncFailure('CredentialMissing', thrown.message, {
      hint: thrown.hint,
      cause: thrown,
    });
  }
  if (thrown instanceof pg.DatabaseError) {
    const passing = PASSING_SQLSTATES.test(thrown.code ?? '');
    return new SyncFailure(passing ? 'Database' : 'Misconfigured', databaseMessage(thrown), {
      hint: passing ? 'check that Postgres is up and has room' : constraintHint(thrown),
      cause: thrown,
    });
  }
  return new SyncFailure('Database', reasonOf(thrown), { cause: thrown });
}

/** How to remove what the user's own table rules (class 23) hold against a record. Names only, no values. */
function constraintHint({ code, schema, table, column, constraint }: pg.DatabaseError) {
  if (code?.startsWith('23') !== true || schema === undefined || table === undefined)
    return undefined;
  const alter = `alter table "${schema}"."${table}"`;
  if (constraint !== undefined) return `${alter} drop constraint "${constraint}"`;
  return column === undefined ? undefined : `${alter} alter column "${column}" drop not null`;
}

/** Class 22 messages quote the offending value (`invalid input syntax for type numeric: "…"`): cut it. */
function databaseMessage(error: pg.DatabaseError): string {
  const text = error.code?.startsWith('22') ? error.message.replace(/:? ".*$/s, '') : error.message;
  return `Postgres: ${text} (${error.code ?? 'no code'})`;
}
