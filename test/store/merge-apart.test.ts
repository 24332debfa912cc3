import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Column, ConvertedRecord, RejectedRecord } from '../../src/contract/schema.ts';
import { inTransaction } from '../../src/store/database.ts';
import { fitTable } from '../../src/store/destination/fit-table.ts';
import { mergeApart } from '../../src/store/merge-apart.ts';
import { mergeStaged, stagedIds, takeStagedIds } from '../../src/store/merge.ts';
import {
  countQuarantined,
  dropQuarantined,
  listQuarantine,
  quarantineStaged,
} from '../../src/store/quarantine.ts';
import { readColumns, readSource, type SourceRow } from '../../src/store/sources.ts';
import { stageRecords, stageRejected } from '../../src/store/staging.ts';
import { insertSource } from '../support/catalog-rows.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const fields = [
  { id: 'a', name: 'Name', type: 'title', column_type: 'text' },
  { id: 'c', name: 'Price', type: 'number', column_type: 'numeric' },
] as const;

const record = (id: string, price: number, name = id): ConvertedRecord => ({
  id,
  created_at: null,
  edited_at: null,
  values: [name, String(price)],
  errors: null,
  truncated: [],
  raw: JSON.stringify({ id, price, secret: 'content' }),
  hash: `${name}/${price}`,
});
const rejected = (id: string | null, hash = 'h'): RejectedRecord => ({
  id,
  raw: '{"id":7}',
  hash,
  reason: 'no id',
});

let database: TestDatabase;
let source: SourceRow;
let columns: readonly Column[];
let table: string;
const never = new AbortController().signal;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

beforeEach(async () => {
  const id = await insertSource(database.pool);
  source = await readSource(database.pool, id);
  await inTransaction(database.pool, (tx) => fitTable(tx, source, fields));
  columns = await readColumns(database.pool, id);
  table = `${source.table_schema}.${source.table_name}`;
});

/** One batch, merged in parts as upsertBatch does it once the whole was refused. */
async function mergeInParts(
  attempt: string,
  records: readonly ConvertedRecord[],
  bad: readonly RejectedRecord[] = [],
) {
  const staging = { scan_id: source.alias, attempt };
  await stageRecords(database.pool, staging, columns, records, never);
  await stageRejected(database.pool, staging, bad, records.length);
  const rows = records.length + bad.length;
  const key = {
    scan_id: source.alias,
    run_id: `run-${attempt}`,
    batches: [{ window: 0, batch: 0, attempt, rows }],
  };
  return inTransaction(database.pool, async (tx) => {
    let statements = 0;
    const { counts, refused } = await mergeApart(tx, await stagedIds(tx, key), (ids) => {
      statements += 1;
      return mergeStaged(tx, source, columns, key, ids);
    });
    const put = await quarantineStaged(
      tx,
      { ...key, source_id: source.id, software: '1' },
      refused,
    );
    const ids = await takeStagedIds(tx, source.alias, key.batches);
    return {
      counts,
      refused,
      put,
      statements,
      ids: ids.get(attempt) ?? { ids: [], unidentified: 0 },
    };
  });
}

const refuse = (check: string) =>
  database.pool.query(`alter table ${table} add constraint sane check (${check}) not valid`);
const quarantine = () => listQuarantine(database.pool, [source.id]);
const prices = async () => {
  const { rows } = await database.pool.query<{ id: string; price: string }>(
    `select _id as id, price from ${table} order by _id`,
  );
  return Object.fromEntries(rows.map(({ id, price }) => [id, Number(price)]));
};

describe('a batch that Postgres refuses', () => {
  it('is written but for the offending records, which are found in few statements', async () => {
    await refuse('price < 1000');
    const records = Array.from({ length: 100 }, (_, i) =>
      record(`r${String(i).padStart(3, '0')}`, i === 41 || i === 77 ? 1000 + i : i),
    );
    const { counts, refused, put, statements, ids } = await mergeInParts('1', records);
    expect(counts).toMatchObject({ read: 98, inserted: 98, updated: 0, unchanged: 0 });
    expect(refused.map(({ record_id }) => record_id)).toEqual(['r041', 'r077']);
    expect(put).toEqual({ quarantined: 2, identified: 2 });
    // 2 · log2(100) halvings and their other halves.
    expect(statements).toBeLessThan(30);
    // They are seen: a quarantined record is not missing.
    expect(ids.ids).toHaveLength(100);
    expect(await quarantine()).toMatchObject([
      {
        record_id: 'r041',
        stage: 'write',
        sqlstate: '23514',
        reason: 'a check does not allow it (constraint sane)',
        software: '1',
        run_id: 'run-1',
        attempts: 1,
      },
      { record_id: 'r077' },
    ]);
  });

  it('is told apart by the kind of value, without a word of the values', async () => {
    await database.pool.query(`alter table ${table} alter column price type numeric(6, 2)`);
    await database.pool.query(`create index on ${table} (name)`);
    const incompressible = Array.from({ length: 9_000 }, (_, i) =>
      String.fromCodePoint(0x4e00 + ((i * 7919) % 20_000)),
    ).join('');
    const { refused } = await mergeInParts('1', [
      record('large', 1, incompressible),
      record('many', 123_456_789),
      record('well', 1),
    ]);
    expect(refused.map(({ record_id, sqlstate }) => [record_id, sqlstate])).toEqual([
      ['large', '54000'],
      ['many', '22003'],
    ]);
    expect(JSON.stringify(refused)).not.toContain('123456789');
    expect(await prices()).toEqual({ well: 1 });
  });

  it('with what a trigger says of it quotes nothing', async () => {
    await database.pool.query(`
      create function ${table}_guard() returns trigger language plpgsql as
        $$ begin raise exception 'not %', new.name; end $$;
      create trigger guard before insert on ${table} for each row
        when (new.price > 9) execute function ${table}_guard()`);
    const { refused } = await mergeInParts('1', [record('secret', 10), record('y', 1)]);
    expect(refused).toEqual([
      { record_id: 'secret', sqlstate: 'P0001', reason: 'a trigger refused it' },
    ]);
  });

  it('for a constraint that waits until the commit loses the offending records only', async () => {
    await database.pool.query(
      `alter table ${table} add constraint one_name unique (name) deferrable initially deferred`,
    );
    const { refused } = await mergeInParts('1', [record('x', 1, 'same'), record('y', 2, 'same')]);
    expect(refused.map(({ record_id }) => record_id)).toEqual(['y']);
    expect(await prices()).toEqual({ x: 1 });
  });

  it('for what is no matter of the data is not quarantined', async () => {
    await database.pool.query(`alter table ${table} drop column price`);
    await expect(mergeInParts('1', [record('x', 1)])).rejects.toMatchObject({ code: '42703' });
    expect(await quarantine()).toEqual([]);
  });

  it('altogether, in its thousands, is a matter of the table', async () => {
    await refuse('false');
    const records = Array.from({ length: 1_100 }, (_, i) => record(`r${i}`, i));
    await expect(mergeInParts('1', records)).rejects.toMatchObject({
      type: 'Misconfigured',
      message: expect.stringContaining('more than 1000 records'),
    });
  });
});

describe('a record in quarantine', () => {
  it('leaves its old row as it was, and leaves the quarantine when a later reading is written', async () => {
    await mergeInParts('1', [record('x', 1)]);
    await refuse('price < 1000');
    await mergeInParts('2', [record('x', 2000)]);
    await mergeInParts('3', [record('x', 2000)]);
    expect(await prices()).toEqual({ x: 1 });
    expect(await quarantine()).toMatchObject([{ record_id: 'x', attempts: 2, run_id: 'run-3' }]);
    await mergeInParts('4', [record('x', 3)]);
    expect(await prices()).toEqual({ x: 3 });
    expect(await quarantine()).toEqual([]);
  });

  it('leaves it also when the platform is back at what the table holds', async () => {
    await mergeInParts('1', [record('x', 1)]);
    await refuse('price < 1000');
    await mergeInParts('2', [record('x', 2000)]);
    const { counts } = await mergeInParts('3', [record('x', 1)]);
    expect(counts).toMatchObject({ unchanged: 1, updated: 0 });
    expect(await quarantine()).toEqual([]);
  });

  it('that was dropped is not counted again until it changes', async () => {
    await refuse('price < 1000');
    await mergeInParts('1', [record('x', 2000)]);
    expect(await dropQuarantined(database.pool, { source_ids: [source.id], records: ['x'] })).toBe(
      1,
    );
    expect(await countQuarantined(database.pool, source.id)).toBe(0);
    const again = await mergeInParts('2', [record('x', 2000)]);
    expect(again.put).toEqual({ quarantined: 0, identified: 1 });
    const changed = await mergeInParts('3', [record('x', 3000)]);
    expect(changed.put).toEqual({ quarantined: 1, identified: 1 });
    expect(await countQuarantined(database.pool, source.id)).toBe(1);
  });

  it('is one entry, however often it is met, with an id or without', async () => {
    const one = [rejected('x'), rejected(null, 'n')];
    expect((await mergeInParts('1', [], one)).put).toEqual({ quarantined: 2, identified: 1 });
    expect((await mergeInParts('2', [], [...one, rejected(null, 'm')])).ids).toMatchObject({
      ids: ['x'],
      unidentified: 2,
    });
    const entries = await quarantine();
    expect(entries.map(({ record_id, hash, attempts }) => [record_id, hash, attempts])).toEqual(
      expect.arrayContaining([
        ['x', 'h', 2],
        [null, 'n', 2],
        [null, 'm', 1],
      ]),
    );
  });

  it('is not put there when the same batch read it well later', async () => {
    await stageRejected(
      database.pool,
      { scan_id: source.alias, attempt: '1' },
      [rejected('x'), rejected('y')],
      0,
    );
    await stageRecords(
      database.pool,
      { scan_id: source.alias, attempt: '2' },
      columns,
      [record('x', 1)],
      never,
    );
    const batches = ['1', '2'].map((attempt) => ({ window: 0, batch: 0, attempt, rows: 1 }));
    await inTransaction(database.pool, async (tx) => {
      const key = { scan_id: source.alias, run_id: 'r', batches };
      await mergeStaged(tx, source, columns, key);
      await quarantineStaged(tx, { ...key, source_id: source.id, software: '1' }, []);
    });
    expect((await quarantine()).map(({ record_id }) => record_id)).toEqual(['y']);
    expect(await prices()).toEqual({ x: 1 });
  });
});
