import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import {
  checkDatabase,
  inTransaction,
  openDatabase,
  type Queryable,
} from '../../src/store/database.ts';
import { startPooler } from '../support/pooler.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { until } from '../support/until.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('inTransaction', () => {
  it('fails, and does not end the process, when Postgres ends the connection midway', async () => {
    const work = inTransaction(database.pool, async (tx) => {
      const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      await database.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
      await delay(200);
      await tx.query('select 1');
    });
    await expect(work).rejects.toThrow();
    expect((await database.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('lets Postgres end it when nothing happens for a minute, so that its locks are not held for good', async () => {
    const shown = await inTransaction(database.pool, async (tx) => {
      const { rows } = await tx.query<{ idle_in_transaction_session_timeout: string }>(
        'show idle_in_transaction_session_timeout',
      );
      return rows[0]?.idle_in_transaction_session_timeout;
    });
    expect(shown).toBe('1min');
  });

  it('stops its statement when it is told to, also behind a pooler that has process ids of its own', async () => {
    const pooler = await startPooler(database.url);
    const pool = openDatabase(pooler.url, 1);
    const stop = new AbortController();
    const statement = `select pg_sleep(20), 'behind a pooler'`;
    const work = inTransaction(pool, (tx) => tx.query(statement), stop.signal);
    const ended = expect(work).rejects.toThrow('told to');
    const isRunning = async () => {
      const { rowCount } = await database.pool.query(
        `select from pg_stat_activity where query = $1 and state = 'active'`,
        [statement],
      );
      return rowCount === 1;
    };
    try {
      await until(isRunning);
      stop.abort(new Error('told to'));
      await until(async () => !(await isRunning()), 10);
    } finally {
      await ended;
      await pool.end();
      await pooler.close();
    }
  });
});

describe('checkDatabase', () => {
  it('accepts a recent Postgres and refuses an old one', async () => {
    await checkDatabase(database.pool);
    const old = { query: async () => ({ rows: [{ version: 14 }] }) } as unknown as Queryable;
    await expect(checkDatabase(old)).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('14'),
    });
  });
});
