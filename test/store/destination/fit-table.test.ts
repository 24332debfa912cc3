import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SourceField } from '../../../src/contract/schema.ts';
import { inTransaction } from '../../../src/store/database.ts';
import { fitTable } from '../../../src/store/destination/fit-table.ts';
import { readColumns, readSource } from '../../../src/store/sources.ts';
import { insertSource } from '../../support/catalog-rows.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { until } from '../../support/until.ts';

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
  const fitted = await inTransaction(database.pool, (tx) =>
    fitTable(tx, source, fields, { run_id: 'r' }),
  );
  const { rows } = await database.pool.query<{ name: string }>(
    `select column_name as name from information_schema.columns
      where table_schema = $1 and table_name = $2 and column_name not like '\\_%' order by ordinal_position`,
    [source.table_schema, source.table_name],
  );
  return { ...fitted, names: rows.map((row) => row.name) };
}

type Source = Awaited<ReturnType<typeof newSource>>;

/** Makes a source's table and keeps the transaction open until `end`. */
async function fitAndStay(source: Source): Promise<{ readonly end: () => Promise<void> }> {
  const client = await database.pool.connect();
  await client.query('begin');
  await fitTable(client, source, [text('1', 'Name')], { run_id: 'r' });
  return {
    end: async () => {
      await client.query('commit');
      client.release();
    },
  };
}

const nameOf = (source: Source) => `${source.table_schema}.${source.table_name}`;

const sql = async (text: string) => (await database.pool.query<Record<string, unknown>>(text)).rows;

async function comment(source: Source, column: string) {
  const [row] = await sql(
    `select col_description(attrelid, attnum) as text from pg_attribute
      where attrelid = '${nameOf(source)}'::regclass and attname = '${column}'`,
  );
  return row?.['text'];
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

  it('waits for others that are being made only while one of them makes their schema', async () => {
    const [first, second, third] = (await Promise.all([newSource(), newSource(), newSource()])).map(
      (source): Source => ({ ...source, table_schema: 'made_first' }),
    ) as [Source, Source, Source];
    const one = await fitAndStay(first);
    const other = fitAndStay(second);
    await until(async () => {
      const waiting = await sql(
        `select 1 from pg_locks where locktype = 'advisory' and not granted`,
      );
      return waiting.length === 1;
    });
    await one.end();
    // The schema is there, the second one's transaction not over.
    const { end } = await other;
    expect((await fit(third, [text('1', 'Name')])).names).toEqual(['name']);
    await end();
    expect((await fit(second, [text('1', 'Name')])).changes).toEqual([]);
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
    expect(fitted.names).toEqual(['name', 'note', 'note_4e074085']);
    expect(fitted.needs_full_scan).toBe(true);
    expect(await comment(source, 'note')).toMatch(
      /^Note \(notion rich_text\); gone from the platform since \d{4}-\d\d-\d\d \[appsync 2\]$/,
    );
    expect(await comment(source, 'note_4e074085')).toBe('Note (notion rich_text) [appsync 3]');
  });

  it('gives a deleted property that comes back with its id its column and data again', async () => {
    const source = await newSource();
    const both = [text('1', 'Name'), text('2', 'Note')];
    await fit(source, both);
    await sql(`insert into ${nameOf(source)} (_id, note, _hash) values ('x', 'kept', 'h')`);
    await fit(source, [text('1', 'Name')]);
    const fitted = await fit(source, both);
    expect(fitted).toMatchObject({ names: ['name', 'note'], needs_full_scan: true });
    expect(fitted.changes).toMatchObject([{ kind: 'restored', column: 'note', field_id: '2' }]);
    expect(await comment(source, 'note')).toBe('Note (notion rich_text) [appsync 2]');
    expect(await sql(`select note, _hash from ${nameOf(source)}`)).toEqual([
      { note: 'kept', _hash: null },
    ]);
  });

  it('keeps a name when only letters change that columns do not tell apart', async () => {
    const source = await newSource();
    await fit(source, [text('1', 'status'), text('2', 'Status ')]);
    const fitted = await fit(source, [text('1', 'STATUS'), text('2', 'Status')]);
    expect(fitted).toMatchObject({ changes: [], needs_full_scan: false });
  });

  it('lets reasons in _errors follow a renamed column', async () => {
    const source = await newSource();
    await fit(source, [text('1', 'A'), text('2', 'B')]);
    await sql(
      `insert into ${nameOf(source)} (_id, _errors) values ('x', '{"a": "first", "b": "second"}')`,
    );
    await fit(source, [text('1', 'B'), text('2', 'A')]);
    expect(await sql(`select _errors from ${nameOf(source)}`)).toEqual([
      { _errors: { a: 'second', b: 'first' } },
    ]);
  });

  it('leaves columns, comments, indexes and grants of the user alone, and gives their names to nobody', async () => {
    const source = await newSource();
    await fit(source, [text('1', 'Name')]);
    await sql(`alter table ${nameOf(source)} add column priority integer`);
    await sql(`create index mine on ${nameOf(source)} (priority)`);
    await sql(`comment on column ${nameOf(source)}.name is 'my words'`);
    await sql(`grant select on ${nameOf(source)} to public`);
    const fitted = await fit(source, [text('1', 'Name'), text('2', 'Priority')]);
    expect(fitted.names).toEqual(['name', 'priority', 'priority_d4735e3a']);
    expect(await comment(source, 'name')).toBe('my words');
    expect(
      await sql(`select has_table_privilege('public', '${nameOf(source)}', 'select') as may`),
    ).toEqual([{ may: true }]);
    expect(
      await sql(
        `select indexrelid::regclass::text as name from pg_index where indrelid = '${nameOf(source)}'::regclass and not indisprimary`,
      ),
    ).toEqual([{ name: 'notion.mine' }]);
  });

  it('takes its columns again when only the table is left of it', async () => {
    const source = await newSource();
    await fit(source, [text('1', 'Name'), text('2', 'Note')]);
    await sql(`delete from appsync.source_column where source_id = ${source.id}`);
    expect((await fit(source, [text('2', 'Note'), text('1', 'Name')])).names).toEqual([
      'name',
      'note',
    ]);
  });

  it('records every change once, under the run that made it', async () => {
    const source = await newSource();
    await fit(source, [text('1', 'A'), text('2', 'B'), text('3', 'C')]);
    const after = [
      text('1', 'A2'),
      text('4', 'D'),
      { ...text('3', 'C'), column_type: 'numeric' as const },
    ];
    await fit(source, after);
    await fit(source, after);
    expect(
      await sql(
        `select run_id, kind, column_name, from_value, to_value from appsync.schema_change
          where source_id = ${source.id} order by id`,
      ),
    ).toEqual([
      { run_id: 'r', kind: 'table_created', column_name: null, from_value: null, to_value: null },
      { run_id: 'r', kind: 'renamed', column_name: 'a2', from_value: 'a', to_value: 'a2' },
      { run_id: 'r', kind: 'added', column_name: 'd', from_value: null, to_value: 'text' },
      { run_id: 'r', kind: 'retyped', column_name: 'c', from_value: 'text', to_value: 'numeric' },
      { run_id: 'r', kind: 'deleted', column_name: 'b', from_value: null, to_value: null },
    ]);
  });

  it('empties a column of what its new type cannot hold and asks for a full scan', async () => {
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
