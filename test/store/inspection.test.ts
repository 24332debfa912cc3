import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { countRows, inspectColumns } from '../../src/store/inspection/inspected-columns.ts';
import {
  inspectTables,
  type InspectedSource,
} from '../../src/store/inspection/inspected-sources.ts';
import { field, newFittedSource, type FittedSource } from '../support/fitting.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let fitted: FittedSource;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  fitted = await newFittedSource(database.pool);
  await fitted.fit([field('Name'), field('Size', 'numeric'), field('Gone')]);
  await fitted.fit([field('Name'), field('Size', 'numeric')]);
});

async function inspected(): Promise<InspectedSource> {
  const { sources } = await inspectTables(database.pool);
  const found = sources.find(({ id }) => id === fitted.source.id);
  if (found === undefined) throw new Error('not inspected');
  return found;
}

describe('a table as it is in Postgres', () => {
  test('is as it was made: nothing is missing, nothing altered', async () => {
    expect(await inspected()).toMatchObject({
      table: fitted.table,
      relation: 'r',
      columns: 2,
      dropped_columns: 1,
      missing_columns: [],
      altered_columns: [],
      quarantined: 0,
      held: 0,
    });
  });

  test('lost columns and altered types are told, system columns included', async () => {
    await fitted.sql(
      `alter table ${fitted.table} drop column name, drop column _hash, alter column size type text`,
    );
    expect(await inspected()).toMatchObject({
      missing_columns: ['_hash', 'name'],
      altered_columns: [{ column: 'size', expected: 'numeric', actual: 'text' }],
    });
    const columns = await inspectColumns(database.pool, fitted.source, fitted.source.id);
    expect(columns.find(({ column }) => column === 'name')).toMatchObject({
      type: null,
      expected_type: 'text',
      property: 'Name',
    });
    expect(columns.find(({ column }) => column === 'gone')).toMatchObject({
      property: 'Gone',
      dropped_at: expect.stringMatching(/Z$/),
    });
  });

  test('a table that is gone has no rows and no size', async () => {
    await fitted.sql(`drop table ${fitted.table}`);
    expect(await inspected()).toMatchObject({ relation: null, rows: null, bytes: null });
  });

  test('a view in its place is told as such', async () => {
    await fitted.sql(`drop table ${fitted.table}; create view ${fitted.table} as select 1 as one`);
    expect(await inspected()).toMatchObject({ relation: 'v', missing_columns: [] });
  });

  test('rows are estimated, deleted ones among them, and can be counted', async () => {
    await fitted.sql(
      `insert into ${fitted.table} (_id, _deleted_at)
       select i, case when i <= 25 then now() end from generate_series(1, 100) i`,
    );
    await fitted.sql(`analyze ${fitted.table}`);
    expect(await inspected()).toMatchObject({ rows: 100, deleted_rows: 25 });
    expect(await countRows(database.pool, fitted.source)).toEqual({ rows: 100, deleted_rows: 25 });
  });

  test('records in quarantine and deletions that wait are counted, settled ones are not', async () => {
    const { id } = fitted.source;
    await database.pool.query(
      `insert into appsync.quarantine (source_id, record_id, hash, raw, stage, reason, software, run_id, dropped_at)
       values ($1, 'a', 'h', '{}', 'convert', 'r', '0', 'run', null),
              ($1, 'b', 'h', '{}', 'convert', 'r', '0', 'run', now())`,
      [id],
    );
    await database.pool.query(
      `insert into appsync.unsettled_record (source_id, record_id, origin, state, is_accepted)
       values ($1, 'a', 'missing', 'held', false), ($1, 'b', 'missing', 'unreachable', false),
              ($1, 'c', 'missing', 'held', true), ($1, 'd', 'missing', 'ask', false)`,
      [id],
    );
    expect(await inspected()).toMatchObject({ quarantined: 1, held: 2 });
  });

  test('other sources of the same place are named', async () => {
    const other = await newFittedSource(database.pool);
    expect((await inspected()).twins).toContain(other.source.alias);
  });

  test('tables like those of sources that no source has are found, and no others', async () => {
    await fitted.sql(`create table notion.left_behind (like ${fitted.table})`);
    await fitted.sql('create table notion.somebodys (_id text primary key, name text)');
    const { orphans } = await inspectTables(database.pool);
    expect(orphans.map(({ table }) => table)).toEqual(['notion.left_behind']);
    const columns = await inspectColumns(
      database.pool,
      { table_schema: 'notion', table_name: 'left_behind' },
      null,
    );
    expect(columns.map(({ column }) => column)).toContain('_raw');
  });
});
