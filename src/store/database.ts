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

/** Nothing but statements happens in a transaction: one that idles belongs to a machine that sleeps or is cut off. */
const BEGIN = `begin; set local idle_in_transaction_session_timeout = '60s'`;

/** Runs `work` in one transaction: committed when it returns, rolled back when it throws. */
export async function inTransaction<T>(
  db: Database,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const { client, release } = await lendClient(db);
  let broken: Error | undefined;
  try {
    await client.query(BEGIN);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((rollback: unknown) => {
      broken = rollback instanceof Error ? rollback : new Error(String(rollback));
    });
    throw error;
  } finally {
    release(broken);
  }
}
