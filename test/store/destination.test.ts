import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SourceField } from '../../src/contract/schema.ts';
import { inTransaction } from '../../src/store/database.ts';
import { fitTable } from '../../src/store/destination.ts';
import { columnName } from '../../src/store/identifiers.ts';
import { readColumns, readSource } from '../../src/store/sources.ts';
import { insertSource } from '../support/catalog-rows.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const text = (id: string, name: string): SourceField => ({
  id,
  name,
  type: 'rich_text',
  column_type: 'text',
});

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function newSource() {
  return readSource(database.pool, await insertSource(database.pool));
}

async function fit(source: Awaited<ReturnType<typeof newSource>>, fields: readonly SourceField[]) {
  const fitted = await inTransaction(database.pool, (tx) => fitTable(tx, source, fields));
  const { rows } = await database.pool.query<{ name: string }>(
    `select column_name as name from information_schema.columns
      where table_schema = $1 and table_name = $2 and column_name not like '\\_%' order by ordinal_position`,
    [source.table_schema, source.table_name],
  );
  return { ...fitted, names: rows.map((row) => row.name) };
}

describe('a destination table', () => {
  it('gets a column per property, and the same call again changes nothing', async () => {
    const source = await newSource();
    const fields = [text('1', 'Name'), text('2', 'Due Date')];
    expect((await fit(source, fields)).names).toEqual(['name', 'due_date']);
    expect(await fit(source, fields)).toMatchObject({ changes: [], needs_full_scan: false });
  });

  it('is made beside others of the same new schema at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const sources = await Promise.all(Array.from({ length: 8 }, newSource));
      const schema = `platform_${round}`;
      const fitting = sources.map((source) =>
        inTransaction(database.pool, (tx) =>
          fitTable(tx, { ...source, table_schema: schema }, [text('1', 'Name')]),
        ),
      );
      await Promise.all(fitting);
    }
  });

  it('renames the column of a renamed property, also when two properties swap their names', async () => {
    const source = await newSource();
    await fit(source, [text('1', 'A'), text('2', 'B')]);
    await database.pool.query(
      `insert into ${source.table_schema}.${source.table_name} (_id, a, b) values ('x', 'one', 'two')`,
    );
    const fitted = await fit(source, [text('1', 'B'), text('2', 'A')]);
    expect(fitted.needs_full_scan).toBe(false);
    const { rows } = await database.pool.query(
      `select a, b from ${source.table_schema}.${source.table_name}`,
    );
    expect(rows).toEqual([{ a: 'two', b: 'one' }]);
  });

  it('keeps the column of a deleted property and makes a new one for its namesake', async () => {
    const source = await newSource();
    await fit(source, [text('1', 'Name'), text('2', 'Note')]);
    const fitted = await fit(source, [text('1', 'Name'), text('3', 'Note')]);
    expect(fitted.names).toHaveLength(3);
    expect(fitted.names.slice(0, 2)).toEqual(['name', 'note']);
    expect(fitted.needs_full_scan).toBe(true);
  });

  it('empties a column that changes its type and asks for a full scan', async () => {
    const source = await newSource();
    await fit(source, [text('1', 'Amount')]);
    await database.pool.query(
      `insert into ${source.table_schema}.${source.table_name} (_id, amount, _hash) values ('x', 'abc', 'h')`,
    );
    const fitted = await fit(source, [
      { id: '1', name: 'Amount', type: 'number', column_type: 'numeric' },
    ]);
    expect(fitted.needs_full_scan).toBe(true);
    const { rows } = await database.pool.query(
      `select amount, _hash from ${source.table_schema}.${source.table_name}`,
    );
    expect(rows).toEqual([{ amount: null, _hash: null }]);
  });

  it('is made whole again when somebody dropped a column or the table', async () => {
    const source = await newSource();
    const fields = [text('1', 'Name'), text('2', 'Note')];
    await fit(source, fields);
    await database.pool.query(
      `alter table ${source.table_schema}.${source.table_name} drop column note`,
    );
    expect(await fit(source, fields)).toMatchObject({
      names: ['name', 'note'],
      needs_full_scan: true,
    });
    await database.pool.query(`drop table ${source.table_schema}.${source.table_name}`);
    expect(await fit(source, fields)).toMatchObject({
      names: ['name', 'note'],
      needs_full_scan: true,
    });
    expect((await readColumns(database.pool, source.id)).map((column) => column.column)).toEqual([
      'name',
      'note',
    ]);
  });
});

describe('column names', () => {
  const hostile = [
    '',
    '   ',
    '_id',
    '_hash',
    '"; drop table x; --',
    '🎉',
    'a'.repeat(200),
    'é'.repeat(100),
    '\u0000',
    '..',
    '\ud83d',
  ];

  it('are valid, unique and never a system column, whatever the property is called', () => {
    const taken = new Set<string>();
    for (const [i, name] of [...hostile, ...hostile].entries()) {
      const column = columnName({ id: `p${i}`, name }, taken);
      expect(taken.has(column)).toBe(false);
      expect(Buffer.byteLength(column)).toBeLessThanOrEqual(63);
      expect(column).toMatch(/^[\p{L}\p{N}][\p{L}\p{N}_]*$/u);
      taken.add(column);
    }
  });

  it('are the same on every machine', () => {
    expect(columnName({ id: 'x', name: 'Due Date' }, new Set(['due_date']))).toBe(
      'due_date_2d711642',
    );
  });
});
