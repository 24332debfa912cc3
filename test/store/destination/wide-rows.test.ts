import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inTransaction } from '../../../src/store/database.ts';
import { MAX_ATTRIBUTES } from '../../../src/store/destination/column-plan.ts';
import { readColumns } from '../../../src/store/sources.ts';
import { completeValues } from '../../../src/store/truncated-values.ts';
import { mergeFitting } from '../../../src/store/destination/wide-rows.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { field, newFittedSource } from '../../support/fitting.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const many = (count: number, type: 'text' | 'numeric' = 'text') =>
  Array.from({ length: count }, (_, i) => field(`P${String(i).padStart(4, '0')}`, type));

const noteCut = (sourceId: number, recordId: string, fieldId: string) =>
  database.pool.query('insert into appsync.truncated_value values ($1, $2, $3)', [
    sourceId,
    recordId,
    fieldId,
  ]);

const columnsOf = (table: string) =>
  `select count(*) filter (where not attisdropped)::integer as columns, max(attnum)::integer as used
     from pg_attribute where attrelid = '${table}'::regclass and attnum > 0`;

describe('a source with more properties than Postgres has columns', () => {
  it('has those that there is no room for in _more, and they stay there', async () => {
    const { table, source, fit, merge, sql } = await newFittedSource(database.pool);
    const fields = [...many(1_600), field('Last', 'numeric')];
    const fitted = await fit(fields);
    const placed = fitted.columns.filter(({ place }) => place === 'more');
    expect(placed).toHaveLength(1_601 - (MAX_ATTRIBUTES - 9));
    expect(await sql(columnsOf(table))).toEqual([
      { columns: MAX_ATTRIBUTES + 1, used: MAX_ATTRIBUTES + 1 },
    ]);
    expect(
      await merge([{ id: 'x', cells: { P0000: 'first', P1599: 'late', Last: 7 } }]),
    ).toMatchObject({ inserted: 1 });
    expect(await sql(`select p0000, _more, _errors from ${table}`)).toEqual([
      { p0000: 'first', _more: { p1599: 'late', last: 7 }, _errors: null },
    ]);

    // Deleting properties gives no room: Postgres counts dropped columns, and theirs are kept anyway.
    const renamed = fields
      .slice(10)
      .map((one) => (one.id === 'Last' ? { ...one, name: 'Final' } : one));
    const after = await fit(renamed);
    expect(after.columns.filter(({ place }) => place === 'more').map(({ id }) => id)).toEqual(
      placed.map(({ id }) => id),
    );
    expect(await sql(`select _more from ${table}`)).toEqual([
      { _more: { p1599: 'late', final: 7 } },
    ]);
    const columns = await readColumns(database.pool, source.id);
    const last = columns.find(({ id }) => id === 'Last');
    if (last === undefined) throw new Error('it is there');
    await noteCut(source.id, 'x', last.id);
    await inTransaction(database.pool, (tx) =>
      completeValues(tx, source, last, [{ record_id: 'x', text: '8' }]),
    );
    expect(await sql(`select _more from ${table}`)).toEqual([
      { _more: { p1599: 'late', final: 8 } },
    ]);
    expect(await fit(renamed)).toMatchObject({ changes: [], needs_full_scan: false });
  });

  it('uses up column numbers with columns that are made anew, and then goes on in _more', async () => {
    const { table, fit, sql } = await newFittedSource(database.pool);
    await fit(many(2));
    await sql(`do $$ begin for i in 1..1489 loop
      execute 'alter table ${table} add column spent text'; execute 'alter table ${table} drop column spent';
    end loop; end $$`);
    await sql(`alter table ${table} drop column p0001`);
    const fitted = await fit([...many(2), field('New')]);
    expect(fitted.changes).toMatchObject([
      { kind: 'moved_to_more', column: 'p0001' },
      { kind: 'added', column: 'new' },
      { kind: 'moved_to_more', column: 'new' },
    ]);
    expect(fitted.needs_full_scan).toBe(true);
    await sql(`alter table ${table} drop column _more`);
    expect(await fit([...many(2), field('New')])).toMatchObject({ needs_full_scan: true });
  });
});

describe('a row that is too big for a page', () => {
  const cells = (count: number, value: (i: number) => unknown) =>
    Object.fromEntries(many(count).map(({ id }, i) => [id, value(i)]));

  it('keeps its first values in their columns and the others in _more, and says so', async () => {
    const { table, source, fit, merge, sql } = await newFittedSource(database.pool);
    await fit(many(900));
    const wide = { id: 'wide', cells: cells(900, (i) => `value ${i} `.repeat(20)) };
    const usual = { id: 'usual', cells: { P0000: 'a', P0899: 'b' } };
    await expect(merge([wide, usual])).rejects.toMatchObject({ code: '54000' });
    expect(await merge([wide, usual], mergeFitting)).toMatchObject({
      read: 2,
      inserted: 2,
      updated: 0,
      unchanged: 0,
    });
    expect(
      await sql(`select p0000, p0899, _more, _errors from ${table} where _id = 'usual'`),
    ).toEqual([{ p0000: 'a', p0899: 'b', _more: null, _errors: null }]);
    const [row] = await sql(`select * from ${table} where _id = 'wide'`);
    const more = row?.['_more'] as Record<string, string>;
    const errors = row?.['_errors'] as Record<string, string>;
    expect(Object.keys(more).toSorted()).toEqual(Object.keys(errors).toSorted());
    for (const [i, { name }] of many(900).entries()) {
      const column = name.toLowerCase();
      expect(row?.[column] ?? more[column]).toBe(`value ${i} `.repeat(20));
      expect(row?.[column] === null).toBe(column in more);
    }
    expect(more).not.toHaveProperty('p0250');
    expect(more).toHaveProperty('p0899');

    const columns = await readColumns(database.pool, source.id);
    for (const index of [0, 899]) {
      const column = columns[index];
      if (column === undefined) throw new Error('it is there');
      await noteCut(source.id, 'wide', column.id);
      await inTransaction(database.pool, (tx) =>
        completeValues(tx, source, column, [{ record_id: 'wide', text: 'whole' }]),
      );
    }
    expect(
      await sql(`select p0000, p0899, _more ->> 'p0899' as more from ${table} where _id = 'wide'`),
    ).toEqual([{ p0000: 'whole', p0899: null, more: 'whole' }]);
  });

  it('goes back into its columns when it has become smaller', async () => {
    const { table, fit, merge, sql } = await newFittedSource(database.pool);
    await fit(many(900));
    await merge([{ id: 'x', cells: cells(900, (i) => `value ${i} `.repeat(20)) }], mergeFitting);
    await merge([{ id: 'x', cells: { P0899: 'small' } }], mergeFitting);
    expect(await sql(`select p0899, _more, _errors from ${table}`)).toEqual([
      { p0899: 'small', _more: null, _errors: null },
    ]);
  });

  it('finds room beside columns of the user’s that take it all', async () => {
    const { table, fit, merge, sql } = await newFittedSource(database.pool);
    await fit(many(300));
    await sql(
      `alter table ${table} ${Array.from({ length: 400 }, (_, i) => `add column own_${i} numeric default 123456789.123`).join(', ')}`,
    );
    expect(
      await merge([{ id: 'x', cells: cells(300, (i) => `value ${i} `.repeat(20)) }], mergeFitting),
    ).toMatchObject({ inserted: 1 });
    const [row] = await sql(`select * from ${table}`);
    const more = row?.['_more'] as Record<string, string>;
    for (let i = 0; i < 300; i += 1) {
      const column = `p${String(i).padStart(4, '0')}`;
      expect(row?.[column] ?? more[column]).toBe(`value ${i} `.repeat(20));
    }
  });

  it('is not what an index entry that is too big is taken for', async () => {
    const { table, fit, merge, sql } = await newFittedSource(database.pool);
    await fit(many(2));
    await sql(`create index on ${table} (p0000)`);
    await expect(
      merge([{ id: 'x', cells: { P0000: randomBytes(6_000).toString('base64') } }], mergeFitting),
    ).rejects.toMatchObject({ code: '54000' });
  });
});
