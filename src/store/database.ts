import pg from 'pg';
import { AppsyncError, EXIT, isCertificateError, unreachableError } from '../errors.ts';

/** What runs one SQL statement: a pool, or a client inside a transaction. */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<pg.QueryResult<Row>>;
}

export type Database = pg.Pool;
export type Transaction = pg.PoolClient;

/**
 * Reads that do not depend on each other: side by side over a pool, one after the other in a transaction, which has a
 * single connection.
 */
export async function readTogether<const Reads extends readonly (() => Promise<unknown>)[]>(
  db: Queryable,
  reads: Reads,
): Promise<{ -readonly [I in keyof Reads]: Awaited<ReturnType<Reads[I]>> }> {
  const results: unknown[] = [];
  if (db instanceof pg.Pool) results.push(...(await Promise.all(reads.map((read) => read()))));
  else for (const read of reads) results.push(await read());
  return results as { -readonly [I in keyof Reads]: Awaited<ReturnType<Reads[I]>> };
}

// bigint columns hold ids and counts far below 2^53; numbers keep JSON and arithmetic plain.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** A pool of at most `max` connections. Idle clients that break are dropped, not thrown. */
export function openDatabase(url: string, max = 10): Database {
  const pool = new pg.Pool({ connectionString: url, max, application_name: 'appsync' });
  pool.on('error', () => {});
  return pool;
}

const OLDEST_VERSION = 15;

/** Throws an unreachable error (exit 5) unless Postgres answers and is recent enough. */
export async function checkDatabase(db: Queryable): Promise<void> {
  const version = await readVersion(db);
  if (version >= OLDEST_VERSION) return;
  throw new AppsyncError(EXIT.unreachable, `Postgres ${version} is too old`, {
    hint: `point DATABASE_URL at Postgres ${OLDEST_VERSION} or newer`,
  });
}

async function readVersion(db: Queryable): Promise<number> {
  try {
    const { rows } = await db.query<{ version: number }>(
      `select current_setting('server_version_num')::integer / 10000 as version`,
    );
    return rows[0]?.version ?? 0;
  } catch (error) {
    if (isCertificateError(error)) {
      throw unreachableError(
        'the certificate of Postgres is not trusted',
        'name the CA that signed it in DATABASE_URL: ?sslmode=verify-full&sslrootcert=/path/to/ca.pem',
        error,
      );
    }
    throw unreachableError(
      'Postgres does not answer',
      'check DATABASE_URL, or unset it to use the local stack',
      error,
    );
  }
}

/** A connection taken out of the pool until `release`; `broken` keeps it from being used again. */
export interface LentClient {
  readonly client: pg.PoolClient;
  readonly release: (broken?: Error) => void;
}

/** Takes a connection. One that breaks while it is lent fails its statements; unheard, it would end the process. */
export async function lendClient(db: Database): Promise<LentClient> {
  const client = await db.connect();
  const hear = () => {};
  client.on('error', hear);
  return {
    client,
    release: (broken) => {
      client.off('error', hear);
      client.release(broken);
    },
  };
}

/**
 * Nothing but statements happens in a transaction: one that idles belongs to a machine that sleeps or is cut off. A merge
 * sorts whole rows: some thousands of them do not fit into Postgres's usual 4 MB.
 */
const BEGIN = `begin; set local idle_in_transaction_session_timeout = '60s'; set local work_mem = '32MB';
  select pg_backend_pid() as pid`;

/** Begins, and says in which process of Postgres. A pooler tells its clients another id, and may change the process. */
async function begin(client: Transaction): Promise<number | null> {
  // Of several statements pg gives a list of results.
  const results: unknown = await client.query(BEGIN);
  const last = (results as readonly pg.QueryResult<{ pid: number }>[]).at(-1);
  return last?.rows[0]?.pid ?? null;
}

/**
 * Runs `work` in one transaction: committed when it returns, rolled back when it throws. When `signal` aborts,
 * Postgres is told to stop what the transaction is at, be it a long statement or a wait for a lock, and the signal's
 * reason is thrown; what was committed by then stays, and counts as done.
 */
export async function inTransaction<T>(
  db: Database,
  work: (tx: Transaction) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const { client, release } = await lendClient(db);
  let broken: Error | undefined;
  let ending: ReturnType<typeof endOnAbort> | undefined;
  try {
    const pid = await begin(client);
    if (signal !== undefined) ending = endOnAbort(db, pid, signal);
    const result = await work(client);
    signal?.throwIfAborted();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((rollback: unknown) => {
      broken = rollback instanceof Error ? rollback : new Error(String(rollback));
    });
    signal?.throwIfAborted();
    throw error;
  } finally {
    const cancelled = await ending?.close();
    // A cancellation may arrive late: whoever had this connection next would be the one to feel it.
    release(broken ?? (cancelled === true ? new Error('cancelled') : undefined));
  }
}

/** Cancels whatever a process is at once the signal aborts, over a connection of its own: the pool may be empty. */
function endOnAbort(db: Database, pid: number | null, signal: AbortSignal) {
  let cancelling: Promise<void> | undefined;
  const cancel = () => {
    cancelling = cancelStatement(db, pid);
  };
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
  return {
    /** Returns whether a cancellation was sent. */
    close: async () => {
      signal.removeEventListener('abort', cancel);
      await cancelling;
      return cancelling !== undefined;
    },
  };
}

async function cancelStatement(db: Database, pid: number | null): Promise<void> {
  if (pid === null) return;
  const canceller = new pg.Client(db.options);
  canceller.on('error', () => {});
  try {
    await canceller.connect();
    await canceller.query('select pg_cancel_backend($1)', [pid]);
  } catch {
    // Without it the statement ends in its own time, and with it the transaction.
  } finally {
    await canceller.end().catch(() => {});
  }
}
