import pg from 'pg';
import { SyncFailure } from '../../errors.ts';
import type { Queryable } from '../database.ts';
import { quoteTable } from '../identifiers.ts';
import type { SourceRow } from '../sources.ts';

/**
 * How long a change of a table waits for those who use it. While it waits, everybody who comes after waits
 * behind it, readers too: so not long, and then it is tried again from the queue's end.
 */
const LOCK_TIMEOUT = '5s';

/** lock_not_available: what a lock timeout gives. */
const TIMED_OUT = '55P03';

/**
 * Runs statements that lock a source's table, inside the caller's transaction. Throws a Database failure, which
 * is tried again, that names who keeps the table when the lock cannot be had in time.
 */
export async function withLockTimeout<T>(
  tx: Queryable,
  source: SourceRow,
  work: () => Promise<T>,
): Promise<T> {
  const { rows } = await tx.query<{ before: string }>(
    `select current_setting('lock_timeout') as before`,
  );
  await tx.query('savepoint change_table');
  await tx.query(`select set_config('lock_timeout', $1, true)`, [LOCK_TIMEOUT]);
  try {
    const result = await work();
    await tx.query(`select set_config('lock_timeout', $1, true)`, [rows[0]?.before ?? '0']);
    await tx.query('release savepoint change_table');
    return result;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== TIMED_OUT) throw error;
    await tx.query('rollback to savepoint change_table');
    throw await lockFailure(tx, source, error);
  }
}

/** Waits for everybody who uses the table and keeps them out until the transaction ends. */
export const lockTable = (tx: Queryable, source: SourceRow) =>
  tx.query(`lock table ${quoteTable(source)} in access exclusive mode`);

async function lockFailure(
  tx: Queryable,
  source: SourceRow,
  cause: pg.DatabaseError,
): Promise<SyncFailure> {
  const { rows } = await tx.query<{ pid: number; who: string | null; query: string | null }>(
    `select a.pid, concat_ws(', ', a.usename, nullif(a.application_name, ''), a.state) as who, a.query
       from pg_stat_activity a
      where a.pid <> pg_backend_pid()
        and a.pid in (select pid from pg_locks where relation = to_regclass($1) and granted)
      order by a.xact_start limit 1`,
    [quoteTable(source)],
  );
  const [blocker] = rows;
  const by =
    blocker === undefined
      ? 'somebody who has let go of it by now'
      : `process ${blocker.pid} (${blocker.who}): ${queryShape(blocker.query)}`;
  const table = `${source.table_schema}.${source.table_name}`;
  return new SyncFailure('Database', `${table} has to change and is kept by ${by}`, {
    hint:
      blocker === undefined
        ? undefined
        : `end that transaction, or: select pg_terminate_backend(${blocker.pid})`,
    cause,
  });
}

/** The beginning of a statement, without texts and numbers in it: they may be anybody's data. */
const queryShape = (query: string | null) =>
  (query ?? '')
    .replaceAll(/'(?:[^']|'')*('|$)/g, `'…'`)
    .replaceAll(/\b\d[\d.]*\b/g, '…')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 80) || 'its statement is not visible';
