import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { field, newFittedSource } from '../../support/fitting.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const fields = [field('Name'), field('Amount', 'numeric')];

/** A source with two rows in its table. */
async function filled() {
  const fitted = await newFittedSource(database.pool);
  await fitted.fit(fields);
  await fitted.merge([
    { id: 'x', cells: { Name: 'one', Amount: 1.5 } },
    { id: 'y', cells: { Name: 'two', Amount: 2.5 } },
  ]);
  return fitted;
}

describe('a table that somebody altered', () => {
  it('gets a column’s type back, with the values as the stored records have them', async () => {
    const { table, fit, sql } = await filled();
    await sql(`alter table ${table} alter column amount type integer`);
    const fitted = await fit(fields);
    expect(fitted.needs_full_scan).toBe(true);
    expect(fitted.changes).toMatchObject([
      { kind: 'type_repaired', column: 'amount', from: 'integer', to: 'numeric' },
    ]);
    expect(await sql(`select amount from ${table} order by _id`)).toEqual([
      { amount: '1.5' },
      { amount: '2.5' },
    ]);
    expect(await fit(fields)).toMatchObject({ changes: [], needs_full_scan: false });
  });

  it.each(['_created_at', '_synced_at', '_deleted_at', '_hash', '_errors', '_raw', '_run_id'])(
    'gets its system column %s back, whether dropped or of another type',
    async (column) => {
      const { table, fit, merge, sql } = await filled();
      await sql(`alter table ${table} drop column ${column}`);
      expect(await fit(fields)).toMatchObject({
        changes: [{ kind: 'column_remade', column }],
        needs_full_scan: true,
      });
      await sql(`alter table ${table} drop column ${column}, add column ${column} bytea`);
      const type = column === '_raw' ? 'jsonb' : column === '_errors' ? 'text' : 'varchar(40)';
      await sql(`alter table ${table} drop column ${column}, add column ${column} ${type}`);
      expect(await fit(fields)).toMatchObject({ changes: [{ kind: 'type_repaired', column }] });
      expect(await merge([{ id: 'x', cells: { Name: 'new' } }])).toMatchObject({ updated: 1 });
      expect(await fit(fields)).toMatchObject({ changes: [] });
    },
  );

  it('gets its ids back from the stored records', async () => {
    const { table, fit, merge, sql } = await filled();
    await sql(`alter table ${table} drop column _id`);
    await sql(`insert into ${table} (name) values ('of nobody')`);
    expect((await fit(fields)).changes).toMatchObject([
      { kind: 'column_remade', column: '_id' },
      { kind: 'key_repaired' },
    ]);
    expect(await sql(`select _id, name from ${table} order by 1`)).toEqual([
      { _id: 'x', name: 'one' },
      { _id: 'y', name: 'two' },
    ]);
    expect(await merge([{ id: 'x', cells: { Name: 'new' } }])).toMatchObject({ updated: 1 });
  });

  it('gets its primary key back, beside one that the user made', async () => {
    const { table, fit, sql } = await filled();
    const [constraint] = await sql(
      `select conname from pg_constraint where conrelid = '${table}'::regclass and contype = 'p'`,
    );
    await sql(`alter table ${table} drop constraint ${String(constraint?.['conname'])}`);
    expect((await fit(fields)).changes).toMatchObject([{ kind: 'key_repaired' }]);
    await sql(`alter table ${table} drop constraint ${String(constraint?.['conname'])}`);
    await sql(`alter table ${table} add column serial serial primary key`);
    expect((await fit(fields)).changes).toMatchObject([{ kind: 'key_repaired' }]);
    expect((await fit(fields)).changes).toEqual([]);
  });

  it('says which statement to run when rows share an id', async () => {
    const { table, fit, sql } = await filled();
    const [constraint] = await sql(
      `select conname from pg_constraint where conrelid = '${table}'::regclass and contype = 'p'`,
    );
    await sql(`alter table ${table} drop constraint ${String(constraint?.['conname'])}`);
    await sql(`insert into ${table} (_id) values ('x')`);
    const refused = await fit(fields).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      type: 'Misconfigured',
      message: expect.stringContaining('share an _id'),
    });
    await sql((refused as { hint: string }).hint);
    expect((await fit(fields)).changes).toMatchObject([{ kind: 'key_repaired' }]);
  });

  it('is made anew when it was dropped, with its columns called as before', async () => {
    const { table, fit, sql } = await filled();
    await fit([field('Title', 'text', 'Name'), field('Amount', 'numeric')]);
    await sql(`drop table ${table}`);
    const fitted = await fit([field('Title', 'text', 'Name'), field('Amount', 'numeric')]);
    expect(fitted).toMatchObject({
      changes: [{ kind: 'table_remade', column: null }],
      needs_full_scan: true,
      columns: [{ column: 'title' }, { column: 'amount' }],
    });
  });

  it('gets a renamed property’s column under its new name when the old one was dropped', async () => {
    const { table, fit, sql } = await filled();
    await sql(`alter table ${table} drop column name`);
    const fitted = await fit([field('Title', 'text', 'Name'), field('Amount', 'numeric')]);
    expect(fitted.changes.map(({ kind }) => kind)).toEqual(['renamed', 'column_remade']);
    expect(await sql(`select title from ${table} limit 1`)).toEqual([{ title: null }]);
  });
});

describe('what is no table of ours', () => {
  it.each([
    ['a view', 'create view %s as select 1 as _id'],
    ['a materialized view', 'create materialized view %s as select 1 as _id'],
    ['a partitioned table', 'create table %s (_id text) partition by list (_id)'],
  ])('is refused when it is %s', async (what, statement) => {
    const { table, fit, sql, source } = await newFittedSource(database.pool);
    await sql(statement.replace('%s', table));
    await expect(fit(fields)).rejects.toMatchObject({
      type: 'Misconfigured',
      message: expect.stringContaining(`${table} is ${what}`),
      hint: expect.stringContaining(source.alias),
    });
  });

  it('is refused when it is a table without our columns', async () => {
    const { table, fit, sql } = await newFittedSource(database.pool);
    await sql(`create table ${table} (id integer)`);
    await expect(fit(fields)).rejects.toMatchObject({
      type: 'Misconfigured',
      message: `${table} is a table that appsync did not make`,
    });
    expect(
      await sql(
        `select count(*) as columns from information_schema.columns where table_name = '${table.split('.')[1]}'`,
      ),
    ).toEqual([{ columns: 1 }]);
  });

  it('is refused when it belongs to somebody else', async () => {
    const { table, source, fit, sql } = await filled();
    const role = `role_${source.table_name}`;
    await sql(
      `create role ${role}; grant usage on schema appsync, notion to ${role}; grant all on all tables in schema appsync, notion to ${role}`,
    );
    const client = await database.pool.connect();
    try {
      await client.query(`set role ${role}`);
      const { fitTable } = await import('../../../src/store/destination/fit-table.ts');
      await client.query('begin');
      await expect(fitTable(client, source, fields)).rejects.toMatchObject({
        type: 'Misconfigured',
        message: expect.stringMatching(new RegExp(`^${table} belongs to `)),
      });
    } finally {
      await client.query('rollback');
      await client.query('reset role');
      client.release();
    }
    await sql(`drop owned by ${role}; drop role ${role}`);
    expect((await fit(fields)).changes).toEqual([]);
  });
});

describe('a table that somebody keeps', () => {
  it('is not waited for without end: the failure names who it is, and nothing is half done', async () => {
    const { table, fit, sql } = await filled();
    const client = await database.pool.connect();
    try {
      await client.query(`set application_name = 'a report'; begin`);
      await client.query(`select count(*) from ${table} where name = 'a secret'`);
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      await client.query(`select name from ${table} where name = 'a secret' or amount = 4711`);
      const refused = await fit([...fields, field('New')]).catch((error: unknown) => error);
      expect(refused).toMatchObject({
        type: 'Database',
        message: expect.stringMatching(
          new RegExp(
            `${table} has to change and is kept by process ${rows[0]?.pid} \\(.*a report.*\\): select name`,
          ),
        ),
        hint: expect.stringContaining(`pg_terminate_backend(${rows[0]?.pid})`),
      });
      expect((refused as Error).message).not.toMatch(/secret|4711/);
      // What needs no change needs no lock.
      expect((await fit(fields)).changes).toEqual([]);
    } finally {
      await client.query('rollback; reset application_name');
      client.release();
    }
    expect((await fit([...fields, field('New')])).changes).toHaveLength(1);
    expect(await sql("select count(*) as rows from pg_locks where locktype = 'advisory'")).toEqual([
      { rows: 0 },
    ]);
  });
});
