import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { checkRows, type Compared, type StoredShape } from '../../bench/check-rows.ts';
import { notionWorld } from '../../bench/worlds.ts';
import { NO_LIMITS, startSimulator, type Simulator } from '../../src/sim/simulator.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const ROWS = 120;
const world = notionWorld({ prefix: 'checked', count: 1, records: ROWS });
const [source] = world.sources;
const STORED: StoredShape = { table: 'stored', id: 'id', name: 'name', points: 'points' };
let database: TestDatabase;
let simulator: Simulator;
let compared: Compared;

beforeAll(async () => {
  database = await createTestDatabase();
  simulator = await startSimulator({ world: world.spec, ...NO_LIMITS });
  const ids = async (name: string) => simulator.world.ids(name);
  compared = { db: database.pool, simulator: { url: simulator.notionUrl, ids } };
  await database.pool.query('create table stored (id text primary key, name text, points numeric)');
});
afterAll(async () => {
  await simulator.close();
  await database.drop();
});

interface Page {
  readonly properties: {
    readonly Name: { readonly title: readonly { readonly plain_text: string }[] };
    readonly Points: { readonly number: number | null };
  };
}

/** The table as a competitor fills it that makes no mistake. */
beforeEach(async () => {
  const { ids, records } = simulator.world.truth(source?.simulatorName ?? '');
  const pages = ids.map((id) => (records.get(id) as unknown as Page).properties);
  await database.pool.query('truncate stored');
  await database.pool.query(
    'insert into stored select * from unnest($1::text[], $2::text[], $3::numeric[])',
    [
      ids,
      pages.map(({ Name }) => Name.title.map((part) => part.plain_text).join('')),
      pages.map(({ Points }) => Points.number),
    ],
  );
});

const check = async () => {
  if (source === undefined) throw new Error('the world has no source');
  await checkRows(compared, source, STORED);
};

describe('the check before a speed counts', () => {
  it('passes a table that holds every record', async () => {
    await check();
  });

  it('refuses a table that lacks a row', async () => {
    await database.pool.query('delete from stored where id = (select max(id) from stored)');
    await expect(check()).rejects.toThrow('stored holds 119 rows');
  });

  it('refuses a table of as many rows with an id of its own', async () => {
    await database.pool.query(
      `update stored set id = 'other' where id = (select max(id) from stored)`,
    );
    await expect(check()).rejects.toThrow('stored holds 120 rows with other ids');
  });

  it.each(['name', 'points'])('refuses a table with another value in %s', async (column) => {
    await database.pool.query(`update stored set ${column} = ${column === 'name' ? "'x'" : '-1'}`);
    await expect(check()).rejects.toThrow('stored holds other values');
  });
});
