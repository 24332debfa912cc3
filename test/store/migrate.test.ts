import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AppsyncError, EXIT } from '../../src/errors.ts';
import { inTransaction, openDatabase, type Database } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { runMigration, runProgram } from '../support/built-process.ts';
import { testTemporal } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { run } from '../cli/fake-io.ts';

const FILES = readdirSync(join(import.meta.dirname, '../../sql')).toSorted();
const NEWEST = FILES.length;
const DONE = { code: 0, stderr: '' };
const numbers = Array.from({ length: NEWEST }, (_, i) => i + 1);

let database: TestDatabase;
const pools: Database[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
  await database.drop();
});

const applied = async () => {
  const { rows } = await database.pool.query<{ number: number }>(
    'select number from appsync.migration order by number',
  );
  return rows.map(({ number }) => number);
};

/** Everything in the appsync schema, by name; functions with what they do. */
const objects = async () => {
  const { rows } = await database.pool.query<{ name: string }>(
    `select c.relkind::text || ' ' || c.relname || coalesce('.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod), '') as name
       from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = 'appsync'::regnamespace
      union all
     select 'function ' || p.oid::regprocedure || ' ' || md5(p.prosrc)
       from pg_proc p where p.pronamespace = 'appsync'::regnamespace
      order by 1`,
  );
  return rows.map(({ name }) => name);
};

async function withSchemaGone(): Promise<readonly string[]> {
  database = await createTestDatabase();
  const before = await objects();
  await database.pool.query('drop schema appsync cascade');
  return before;
}

const manyAtOnce = (count: number) => {
  const opened = Array.from({ length: count }, () => openDatabase(database.url));
  pools.push(...opened);
  return Promise.all(opened.map((pool) => migrate(pool)));
};

describe('migrations', () => {
  it('need no right to create schemas where somebody made theirs', async () => {
    await withSchemaGone();
    const role = `migrating_${randomBytes(4).toString('hex')}`;
    await database.pool.query(
      `create role ${role} login password '${role}'; create schema appsync authorization ${role}`,
    );
    const url = new URL(database.url);
    [url.username, url.password] = [role, role];
    const pool = openDatabase(url.href, 1);
    pools.push(pool);
    await migrate(pool);
    expect(await applied()).toEqual(numbers);
    await expect(pool.query('create schema another')).rejects.toThrow('permission denied');
  });

  it('run once when several pools come to an empty database at once', async () => {
    const expected = await withSchemaGone();
    await manyAtOnce(6);
    expect(await applied()).toEqual(numbers);
    expect(await objects()).toEqual(expected);
  });

  it('run once when several processes come to an empty database at once', async () => {
    const expected = await withSchemaGone();
    const ends = await Promise.all([1, 2, 3].map(() => runMigration(database.url)));
    expect(ends).toEqual([DONE, DONE, DONE]);
    expect(await applied()).toEqual(numbers);
    expect(await objects()).toEqual(expected);
  });

  it('run the last one once when several pools come to a database that is one behind', async () => {
    const expected = await withSchemaGone();
    await migrate(database.pool, NEWEST - 1);
    expect(await applied()).toEqual(numbers.slice(0, -1));
    const behind = await objects();
    expect(behind).not.toEqual(expected);
    await manyAtOnce(6);
    expect(await applied()).toEqual(numbers);
    expect(await objects()).toEqual(expected);
  });

  it('wait for the one that is at work', async () => {
    const expected = await withSchemaGone();
    const other = openDatabase(database.url);
    pools.push(other);
    const waiting = `select 1 from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())`;
    const second = await inTransaction(database.pool, async (tx) => {
      await tx.query(`select pg_advisory_xact_lock(hashtext('appsync.migrate'))`);
      const migrated = migrate(other);
      await until(async () => (await tx.query(waiting)).rows.length > 0);
      await tx.query('create schema appsync');
      return { migrated };
    });
    await second.migrated;
    expect(await applied()).toEqual(numbers);
    expect(await objects()).toEqual(expected);
  });
});

describe('a database newer than the program', () => {
  const message = `the database is newer (9999) than this program (${NEWEST})`;
  beforeEach(async () => {
    database = await createTestDatabase();
    await database.pool.query('insert into appsync.migration (number) values (9999)');
  });

  it('is refused and left as it is', async () => {
    const refused = await migrate(database.pool).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AppsyncError);
    expect(refused).toMatchObject({
      exitCode: EXIT.unreachable,
      message,
      hint: expect.stringContaining('update appsync'),
    });
    expect(await applied()).toEqual([...numbers, 9999]);
  });

  it('is refused by commands, with exit code 5 and what to do', async () => {
    const env = { DATABASE_URL: database.url, TEMPORAL_ADDRESS: testTemporal().address };
    const { exitCode, stderr } = await run('runs list', { env, real: true });
    expect(exitCode).toBe(5);
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr).toContain('hint: update appsync');
  });

  it('is refused by a worker, which takes no task', async () => {
    const end = await runProgram(['dist/worker.js'], {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: testTemporal().address,
    });
    expect(end.code).toBe(5);
    expect(end.stderr).toContain(message);
    expect(end.stderr).not.toContain('worker polls');
  });
});
