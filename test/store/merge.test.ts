import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BatchKey } from '../../src/contract/activities.ts';
import type { Column, ConvertedRecord } from '../../src/contract/schema.ts';
import { inTransaction } from '../../src/store/database.ts';
import { fitTable } from '../../src/store/destination/fit-table.ts';
import { countStaged, mergeStaged, takeStagedIds } from '../../src/store/merge.ts';
import { readColumns, readSource, type SourceRow } from '../../src/store/sources.ts';
import { stageRecords } from '../../src/store/staging.ts';
import { unchangedIds } from '../../src/store/unchanged-records.ts';
import { completeValues } from '../../src/store/truncated-values.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { insertSource } from '../support/catalog-rows.ts';

const fields = [
  { id: 'a', name: 'Name', type: 'title', column_type: 'text' },
  { id: 'b', name: 'Tags', type: 'multi_select', column_type: 'text[]' },
  { id: 'c', name: 'Price', type: 'number', column_type: 'numeric' },
] as const;

function record(
  id: string,
  values: (string | null)[],
  more: Partial<ConvertedRecord> = {},
): ConvertedRecord {
  return {
    id,
    created_at: '2026-01-01T00:00:00.000Z',
    edited_at: '2026-01-02T00:00:00.000Z',
    values,
    errors: null,
    truncated: [],
    raw: JSON.stringify({ id, values }),
    hash: JSON.stringify(values),
    ...more,
  };
}

let database: TestDatabase;
let source: SourceRow;
let columns: readonly Column[];
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
});

const batch = (attempt: string, rows: number): BatchKey => ({ window: 0, batch: 0, attempt, rows });

async function merge(
  attempt: string,
  records: readonly ConvertedRecord[],
  unchanged?: ReadonlySet<string>,
) {
  const staging = { scan_id: source.alias, attempt };
  await stageRecords(database.pool, staging, columns, records, never, unchanged);
  const batches = [batch(attempt, records.length)];
  return inTransaction(database.pool, async (tx) => {
    const counts = await mergeStaged(tx, source, columns, {
      scan_id: source.alias,
      run_id: 'r',
      batches,
    });
    await takeStagedIds(tx, source.alias, batches);
    return counts;
  });
}

async function table() {
  const { rows } = await database.pool.query(
    `select * from ${source.table_schema}.${source.table_name} order by _id`,
  );
  return rows as Record<string, unknown>[];
}

describe('merging staged records', () => {
  it('tells new, changed and unchanged records apart', async () => {
    await merge('1', [record('x', ['X', '{}', '1']), record('y', ['Y', null, null])]);
    const counts = await merge('2', [
      record('x', ['X', '{}', '1']),
      record('y', ['Y2', null, null]),
      record('z', ['Z', null, null]),
    ]);
    expect(counts).toEqual({ read: 3, inserted: 1, updated: 1, unchanged: 1, arrivals: [] });
  });

  it('does not touch an unchanged row at all, not even its lock', async () => {
    await merge('1', [record('x', ['X', '{}', '1'])]);
    const physical = `select ctid::text, xmin::text, xmax::text from ${source.table_schema}.${source.table_name}`;
    const before = await database.pool.query(physical);
    await merge('2', [record('x', ['X', '{}', '1'])]);
    expect((await database.pool.query(physical)).rows).toEqual(before.rows);
  });

  it('needs no more than id and hash of what the table has', async () => {
    const scanned = { ...source, full_scan_records: 3 };
    const [x, y, z] = ['x', 'y', 'z'].map((id) => record(id, [id, null, null]));
    if (!x || !y || !z) throw new Error('no records');
    await merge('1', [x, y, z]);
    await database.pool.query(
      `update ${source.table_schema}.${source.table_name} set _deleted_at = now() where _id = 'z'`,
    );
    const again = [x, record('y', ['Y2', null, null]), z, record('new', ['n', null, null])];
    const unchanged = await unchangedIds(database.pool, scanned, again);
    expect([...unchanged]).toEqual(['x']);
    expect(await merge('2', again, unchanged)).toMatchObject({
      read: 4,
      inserted: 1,
      updated: 2,
      unchanged: 1,
    });
    expect(await table()).toMatchObject([
      { _id: 'new', name: 'n' },
      { _id: 'x', name: 'x', _raw: { id: 'x' } },
      { _id: 'y', name: 'Y2' },
      { _id: 'z', name: 'z', _deleted_at: null },
    ]);
  });

  it('asks for a record again when it is unchanged no longer by the time it is merged', async () => {
    const [x, y] = [record('x', ['X', null, null]), record('y', ['Y', null, null])];
    await merge('1', [x]);
    await database.pool.query(
      `update ${source.table_schema}.${source.table_name} set _hash = null`,
    );
    await expect(merge('2', [x, y], new Set(['x']))).rejects.toMatchObject({ type: 'StagingLost' });
    expect(await table()).toMatchObject([{ _id: 'x', name: 'X' }]);
  });

  it('keeps every character of awkward values', async () => {
    const text =
      'tab\t newline\n return\r backslash\\ quote" comma, braces{} NULL \\N \u{1F468}\u200d\u{1F469}';
    const tags = '{"a,b","c\\"d","e\\\\f","NULL","","g\nh"}';
    await merge('1', [
      record('x', [text, tags, '1e21'], {
        raw: JSON.stringify({ text, nul: '\u0000', lone: '\ud83d' }),
      }),
    ]);
    const [row] = await table();
    expect(row).toMatchObject({
      name: text,
      tags: ['a,b', 'c"d', 'e\\f', 'NULL', '', 'g\nh'],
      price: '1000000000000000000000',
    });
    const { rows } = await database.pool.query<{ raw: string }>(
      `select _raw::text as raw from ${source.table_schema}.${source.table_name}`,
    );
    expect(JSON.parse(rows[0]?.raw ?? '')).toEqual({ text, nul: '\u0000', lone: '\ud83d' });
  });

  it('lets the newest of two records with one id win', async () => {
    const counts = await merge('1', [
      record('x', ['new', null, null], { edited_at: '2026-02-01T00:00:00.000Z' }),
      record('x', ['old', null, null], { edited_at: '2026-01-01T00:00:00.000Z' }),
    ]);
    expect(counts).toEqual({ read: 1, inserted: 1, updated: 0, unchanged: 0, arrivals: [] });
    expect((await table())[0]).toMatchObject({ name: 'new' });
  });

  it('takes only the attempt that was reported, never a zombie’s rows', async () => {
    await stageRecords(
      database.pool,
      { scan_id: source.alias, attempt: 'zombie' },
      columns,
      [record('z', ['Z', null, null])],
      never,
    );
    await merge('1', [record('x', ['X', null, null])]);
    expect((await table()).map((row) => row['_id'])).toEqual(['x']);
    expect(await countStaged(database.pool, source.alias, [batch('zombie', 1)])).toEqual({
      staged: 1,
      rejected: 0,
    });
  });

  it('brings back a row that was marked as deleted', async () => {
    await merge('1', [record('x', ['X', null, null])]);
    await database.pool.query(
      `update ${source.table_schema}.${source.table_name} set _deleted_at = now()`,
    );
    expect(await merge('2', [record('x', ['X', null, null])])).toMatchObject({ updated: 1 });
    expect((await table())[0]).toMatchObject({ _deleted_at: null });
  });

  it('keeps what is known of a row’s content beside the record’s own errors', async () => {
    const errors = async () => (await table())[0]?.['_errors'];
    const note = `update ${source.table_schema}.${source.table_name}
                     set _errors = coalesce(_errors, '{}') || '{"_content": "cut short"}'`;
    await merge('1', [record('x', ['X', null, null])]);
    await database.pool.query(note);
    await merge('2', [record('x', ['Y', null, null], { errors: { c: 'not a number' } })]);
    expect(await errors()).toEqual({ price: 'not a number', _content: 'cut short' });
    await merge('3', [record('x', ['Z', null, null])]);
    expect(await errors()).toEqual({ _content: 'cut short' });
  });

  it('names errors by column and notes values that were cut short', async () => {
    await merge('1', [
      record('x', ['X', '{"1"}', null], { errors: { c: 'not a number' }, truncated: ['b'] }),
    ]);
    expect((await table())[0]).toMatchObject({ _errors: { price: 'not a number' } });
    const { rows } = await database.pool.query(
      'select record_id, field_id from appsync.truncated_value where source_id = $1',
      [source.id],
    );
    expect(rows).toEqual([{ record_id: 'x', field_id: 'b' }]);
  });

  describe('a value that is cut short', () => {
    const cut = (edited_at: string, values = ['X', '{"1"}', null]) =>
      record('x', values, { edited_at, truncated: ['b'] });
    const noted = async () =>
      (
        await database.pool.query('select from appsync.truncated_value where source_id = $1', [
          source.id,
        ])
      ).rowCount;
    const complete = async (text: string) => {
      const column = columns.find(({ id }) => id === 'b');
      if (column === undefined) throw new Error('it is there');
      const values = [{ record_id: 'x', text }];
      await inTransaction(database.pool, (tx) => completeValues(tx, source, column, values));
    };

    it('is completed once more when that was in the minute of its edit, and then not again', async () => {
      await merge('1', [cut(new Date().toISOString())]);
      await complete('{1,2}');
      const edited = (await table())[0]?.['_edited_at'] as Date;
      expect(await merge('2', [cut(edited.toISOString())])).toMatchObject({ unchanged: 1 });
      expect(await noted()).toBe(1);

      await complete('{1,2,3}');
      await database.pool.query(
        `update ${source.table_schema}.${source.table_name} set _synced_at = now() + interval '3 minutes'`,
      );
      await merge('3', [cut(edited.toISOString())]);
      expect(await noted()).toBe(0);
    });

    it('is not written over by an attempt that comes late', async () => {
      await merge('1', [cut('2026-01-02T00:00:00.000Z')]);
      await complete('{1,2}');
      await complete('{late}');
      expect((await table())[0]?.['tags']).toEqual(['1', '2']);
    });
  });
});
