import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { checkDatabase, inTransaction, type Queryable } from '../../src/store/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

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
