import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SourceField } from '../../../src/contract/schema.ts';
import { notion } from '../../../src/platforms/notion/notion.ts';
import { inTransaction } from '../../../src/store/database.ts';
import { fitTable } from '../../../src/store/destination/fit-table.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { field, newFittedSource, type FittedSource } from '../../support/fitting.ts';

/** More with `APPSYNC_REBUILD_ROWS=100000 npm test -- --verbose --testTimeout=600000 test/store/rebuild-large`. */
const ROWS = Number(process.env['APPSYNC_REBUILD_ROWS'] ?? 2_000);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const texts = Array.from({ length: 12 }, (_, i) => ({ ...field(`Text ${i}`), type: 'rich_text' }));
const amount = { ...field('Amount', 'numeric'), type: 'number' };

/** A page of about 3 KB, as Notion gives it; the id is put in for each row. */
const page = {
  object: 'page',
  id: '%ID%',
  created_time: '2026-01-01T00:00:00.000Z',
  last_edited_time: '2026-01-01T00:00:00.000Z',
  properties: Object.fromEntries([
    ...texts.map(({ id, name }, i) => {
      const text = `words number ${i} of a page `.repeat(3);
      const item = { type: 'text', text: { content: text, link: null }, plain_text: text };
      return [name, { id, type: 'rich_text', rich_text: [item] }] as const;
    }),
    ['Amount', { id: 'Amount', type: 'number', number: 12.5 }] as const,
  ]),
};

const retyped = { ...amount, column_type: 'text' as const, type: 'rich_text' };

describe(`a table of ${ROWS} Notion pages`, () => {
  let filled: FittedSource;
  const fit = (fields: readonly SourceField[]) =>
    inTransaction(database.pool, (tx) =>
      fitTable(tx, filled.source, fields, {
        run_id: 'run',
        createConverter: (columns) => notion.createConverter(columns),
      }),
    );
  const hashes = async () =>
    (await filled.sql(`select count(_hash) as hashes from ${filled.table}`))[0]?.['hashes'];

  beforeAll(async () => {
    filled = await newFittedSource(database.pool);
    await fit([...texts, amount]);
    await database.pool.query(
      `insert into ${filled.table}
         (_id, amount, ${texts.map((_, i) => `text_${i}`).join(', ')}, _hash, _raw)
       select i::text, 12.5, ${texts.map((_, i) => `'words number ${i}'`).join(', ')}, 'h',
              replace($1, '%ID%', i::text)::json
         from generate_series(1, $2::integer) as i`,
      [JSON.stringify(page), ROWS],
    );
  });

  it('has its hashes cleared when a column is added', async () => {
    expect(await hashes()).toBe(ROWS);
    expect(await fit([...texts, amount, field('New')])).toMatchObject({ needs_full_scan: true });
    expect(await hashes()).toBe(0);
  });

  it('has a column filled from the stored records when its type changes', async () => {
    expect(await fit([...texts, retyped])).toMatchObject({ needs_full_scan: true });
    expect(
      await filled.sql(
        `select amount, _errors, count(*) as rows from ${filled.table} group by 1, 2`,
      ),
    ).toEqual([{ amount: '12.5', _errors: null, rows: ROWS }]);
  });
});
