import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { testServers } from './addresses.ts';

export interface TestDatabase {
  readonly url: string;
  readonly pool: Database;
  /** Ends the pool and drops the database, with whatever is still connected to it. */
  drop(): Promise<void>;
}

/** A database of its own with the appsync schema, copied from the template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { postgres, template } = testServers();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(postgres, `create database ${name} template ${template} strategy file_copy`);
  const url = new URL(postgres);
  url.pathname = name;
  const pool = openDatabase(url.href);
  return {
    url: url.href,
    pool,
    drop: async () => {
      await pool.end();
      await asAdmin(postgres, `drop database ${name} with (force)`);
    },
  };
}

async function asAdmin(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
