import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { builtInPlatforms } from '../../src/platforms/registry.ts';
import { convertStored } from '../../src/platforms/convert-or-reject.ts';
import { inTransaction } from '../../src/store/database.ts';
import { fitTable } from '../../src/store/destination/fit-table.ts';
import { countQuarantined } from '../../src/store/quarantine.ts';
import { retryQuarantined, type RetryRequest } from '../../src/store/quarantine-retry.ts';
import { holdFence, readSource, type SourceRow } from '../../src/store/sources.ts';
import { insertSource } from '../support/catalog-rows.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let source: SourceRow;
let request: RetryRequest;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

beforeEach(async () => {
  const id = await insertSource(database.pool, 'airtable');
  source = await readSource(database.pool, id);
  const fields = [{ id: 'fldA', name: 'A', type: 'number', column_type: 'numeric' }] as const;
  await inTransaction(database.pool, (tx) => fitTable(tx, source, fields));
  request = {
    source_id: id,
    run_id: 'retry-1',
    software: '2',
    converter: (columns) => {
      const convert = builtInPlatforms().get('airtable')?.createConverter(columns);
      if (convert === undefined) throw new Error('there is no such platform');
      return (raw) => convertStored(convert, raw);
    },
  };
});

/** As many records as asked, each third without an id; the number is the record's. */
const quarantine = (records: number) =>
  database.pool.query(
    `insert into appsync.quarantine (source_id, record_id, hash, raw, stage, reason, software, run_id)
     select $1, case when n % 3 > 0 then 'rec' || n end, n,
            case when n % 3 > 0 then json_build_object('id', 'rec' || n, 'fields', json_build_object('fldA', n))
                 else json_build_object('fields', '{}'::json) end::text, 'write', 'because', '1', 'r'
       from generate_series(1, $2) as n`,
    [source.id, records],
  );
const written = async () => {
  const { rows } = await database.pool.query<{ count: number; sum: string; runs: string[] }>(
    `select count(*), sum(a), array_agg(distinct _run_id) as runs from ${source.table_schema}.${source.table_name}`,
  );
  return rows[0];
};

describe('a retry', () => {
  it('writes all that it can, over many transactions, and leaves the rest with the reason of now', async () => {
    await quarantine(1_800);
    expect(await retryQuarantined(database.pool, request)).toEqual({
      kind: 'retried',
      written: 1_200,
      remaining: 600,
    });
    expect(await written()).toEqual({ count: 1_200, sum: '1080000', runs: ['retry-1'] });
    const { rows } = await database.pool.query(
      `select distinct stage, reason, software, attempts from appsync.quarantine where source_id = $1`,
      [source.id],
    );
    const reason = 'Airtable gave a record without an id';
    expect(rows).toEqual([{ stage: 'convert', reason, software: '2', attempts: 2 }]);
    expect(await retryQuarantined(database.pool, request)).toMatchObject({ written: 0 });
  });

  it('writes the good ones beside those that Postgres still refuses', async () => {
    await quarantine(20);
    await database.pool.query(
      `alter table ${source.table_schema}.${source.table_name} add check (a <> 10)`,
    );
    expect(await retryQuarantined(database.pool, request)).toMatchObject({
      written: 13,
      remaining: 7,
    });
    expect(await countQuarantined(database.pool, source.id)).toBe(7);
    expect(await database.pool.query('select 1 from appsync.staging')).toMatchObject({ rows: [] });
  });

  it('shuts out a zombie of the run before it', async () => {
    await quarantine(1);
    await retryQuarantined(database.pool, request);
    const zombie = { source_id: source.id, alias: source.alias, fence: 0 };
    await expect(inTransaction(database.pool, (tx) => holdFence(tx, zombie))).rejects.toMatchObject(
      { type: 'FenceLost' },
    );
  });

  it('changes nothing while a run holds the source', async () => {
    await quarantine(4);
    await database.pool.query(`update appsync.source set holder_run_id = 'run-7' where id = $1`, [
      source.id,
    ]);
    expect(await retryQuarantined(database.pool, request)).toEqual({
      kind: 'held',
      run_id: 'run-7',
      written: 0,
    });
    expect(await written()).toMatchObject({ count: 0 });
    expect(await countQuarantined(database.pool, source.id)).toBe(4);
  });
});
