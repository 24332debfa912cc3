import pg from 'pg';
import { unreachableError } from '../errors.ts';

/** What runs one SQL statement: a pool, or a client inside a transaction. */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<pg.QueryResult<Row>>;
}

export type Database = pg.Pool;
export type Transaction = pg.PoolClient;

// bigint columns hold ids and counts far below 2^53; numbers keep JSON and arithmetic plain.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** A pool of at most `max` connections. Idle clients that break are dropped, not thrown. */
export function openDatabase(url: string, max = 10): Database {
  const pool = new pg.Pool({ connectionString: url, max, application_name: 'appsync' });
  pool.on('error', () => {});
  return pool;
}

/** Throws an unreachable error (exit 5) unless Postgres answers and is recent enough (15). */
export async function checkDatabase(db: Database): Promise<void> {
  try {
    await db.query('select 1');
  } catch (error) {
    throw unreachableError(
      'Postgres does not answer',
      'check DATABASE_URL, or unset it to use the local stack',
      error,
    );
  }
}

/** Runs `work` in one transaction: committed when it returns, rolled back when it throws. */
export async function inTransaction<T>(
  db: Database,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const client = await db.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((rollback: unknown) => {
      broken = rollback instanceof Error ? rollback : new Error(String(rollback));
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
