import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ColumnType } from '../../../src/contract/schema.ts';
import { obviousCast } from '../../../src/store/destination/column-casts.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { field, newFittedSource } from '../../support/fitting.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('a column that changes its type', () => {
  it('is filled again from the stored records, else by an obvious cast, else NULL with the reason', async () => {
    const { table, fit, merge, sql } = await newFittedSource(database.pool);
    await fit([field('Amount', 'text'), field('Name', 'text')]);
    await merge([
      { id: 'cast', cells: { Amount: '12.5', Name: 'a' } },
      { id: 'unfit', cells: { Amount: 'a dozen', Name: 'b' } },
      { id: 'empty', cells: { Name: 'c' } },
      { id: 'stored', cells: { Amount: 'x' } },
    ]);
    // What the record says goes before what stands in the column.
    await sql(
      `update ${table} set _raw = '{"id": "stored", "cells": {"Amount": 7}}' where _id = 'stored'`,
    );
    const fitted = await fit([field('Amount', 'numeric'), field('Name', 'text')]);
    expect(fitted.needs_full_scan).toBe(true);
    expect(fitted.changes).toMatchObject([
      { kind: 'retyped', column: 'amount', from: 'text', to: 'numeric' },
    ]);
    expect(
      await sql(`select _id, amount, name, _errors, _hash from ${table} order by _id`),
    ).toEqual([
      { _id: 'cast', amount: '12.5', name: 'a', _errors: null, _hash: null },
      { _id: 'empty', amount: null, name: 'c', _errors: null, _hash: null },
      { _id: 'stored', amount: '7', name: null, _errors: null, _hash: null },
      { _id: 'unfit', amount: null, name: 'b', _errors: { amount: 'not a numeric' }, _hash: null },
    ]);
  });

  it('changes together with others, over more rows than one step takes', async () => {
    const { table, fit, merge, sql } = await newFittedSource(database.pool);
    await fit([field('A', 'jsonb'), field('B', 'text')]);
    await merge(
      Array.from({ length: 1_203 }, (_, i) => ({ id: `r${i}`, cells: { A: i, B: `${i}` } })),
    );
    await sql(`create index on ${table} (b)`);
    await fit([field('A', 'numeric'), field('B', 'jsonb')]);
    expect(
      await sql(
        `select count(*) as rows from ${table} where a = (b #>> '{}')::numeric and _errors is null`,
      ),
    ).toEqual([{ rows: 1_203 }]);
    expect(
      await sql(`select count(*) as indexes from pg_index where indrelid = '${table}'::regclass`),
    ).toEqual([{ indexes: 2 }]);
  });

  it('has nothing changed when a view reads it: the error names the view and what to do', async () => {
    const { table, fit, sql } = await newFittedSource(database.pool);
    await fit([field('Amount', 'text'), field('Gone')]);
    await sql(`create view public.amounts as select amount from ${table}`);
    const before = await sql(`select * from appsync.source_column order by source_id, field_id`);
    await expect(fit([field('Amount', 'numeric'), field('New')])).rejects.toMatchObject({
      type: 'Misconfigured',
      message: expect.stringMatching(/amount .* while amounts reads it/),
      hint: 'drop view amounts; then sync, and create it again',
    });
    expect(await sql(`select * from appsync.source_column order by source_id, field_id`)).toEqual(
      before,
    );
    await sql('drop view public.amounts');
    expect((await fit([field('Amount', 'numeric'), field('New')])).changes).toHaveLength(3);
  });

  it('has nothing changed when a constraint does not allow it: the error names the constraint', async () => {
    const { table, fit, sql } = await newFittedSource(database.pool);
    await fit([field('Amount', 'numeric')]);
    await sql(`alter table ${table} add constraint positive check (amount > 0)`);
    await expect(fit([field('Amount', 'text')])).rejects.toMatchObject({
      type: 'Misconfigured',
      message: expect.stringContaining('constraints on it: positive'),
    });
  });

  it('lets readers of a view go on when its property is only renamed', async () => {
    const { table, fit, sql } = await newFittedSource(database.pool);
    await fit([field('Amount', 'text', 'a')]);
    await sql(`insert into ${table} (_id, amount) values ('x', '1')`);
    await sql(`create view public.renamed as select amount from ${table}`);
    await fit([field('Total', 'text', 'a')]);
    expect(await sql('select amount from public.renamed')).toEqual([{ amount: '1' }]);
  });
});

describe('an obvious cast', () => {
  const cases: readonly (readonly [string, string, ColumnType, string | null])[] = [
    [`12.50::numeric`, 'numeric', 'text', '12.50'],
    [`7::integer`, 'integer', 'numeric', '7'],
    [`' -1.5e3 '::text`, 'text', 'numeric', '-1500'],
    [`'1,5'::text`, 'text', 'numeric', null],
    [`'NaN'::text`, 'text', 'numeric', null],
    [`'${'9'.repeat(60)}'::text`, 'text', 'numeric', null],
    [`'1e99'::text`, 'text', 'numeric', `1${'0'.repeat(99)}`],
    [`true`, 'boolean', 'numeric', '1'],
    [`true`, 'boolean', 'text', 'true'],
    [`'TRUE'::text`, 'text', 'boolean', 'true'],
    [`'maybe'::text`, 'text', 'boolean', null],
    [`0::numeric`, 'numeric', 'boolean', 'false'],
    [`'a'::text`, 'text', 'text[]', '{a}'],
    [`''::text`, 'text', 'text[]', null],
    [`array['a', 'b']`, 'text[]', 'text', 'a, b'],
    [`'2026-01-31'::date`, 'date', 'timestamptz', '2026-01-31 00:00:00+00'],
    [`'2026-01-31 23:30Z'::timestamptz`, 'timestamptz', 'date', '2026-01-31'],
    [`'2026-01-31 23:30Z'::timestamptz`, 'timestamptz', 'text', '2026-01-31T23:30:00.000Z'],
    [`'{"a": 1}'::jsonb`, 'jsonb', 'text', null],
    [`'"a"'::jsonb`, 'jsonb', 'text', 'a'],
    [`'12'::jsonb`, 'jsonb', 'numeric', '12'],
    [`'[1]'::jsonb`, 'jsonb', 'numeric', null],
    [`'true'::jsonb`, 'jsonb', 'boolean', 'true'],
    [`array[1.5]`, 'numeric[]', 'numeric', null],
    [
      `'2026-01-31 23:30'::timestamp`,
      'timestamp without time zone',
      'timestamptz',
      '2026-01-31 23:30:00+00',
    ],
    [
      `'2026-01-31 23:30Z'::timestamptz(3)`,
      'timestamp(3) with time zone',
      'timestamptz',
      '2026-01-31 23:30:00+00',
    ],
    [`'a'::text`, 'text', 'jsonb', '"a"'],
    [`'a'::text`, 'text', 'date', null],
    [`'long'::varchar(10)`, 'character varying(10)', 'text', 'long'],
    [`'{"a": "\\u0000"}'::json`, 'json', 'jsonb', null],
  ];

  it.each(cases)('makes of %s (%s) as %s: %s', async (value, from, to, expected) => {
    const { rows } = await database.pool
      .query<{ made: string | null }>(
        `set timezone = 'UTC'; select (${obviousCast('v', from, to)})::${to}::text as made from (select ${value} as v) t`,
      )
      .then(
        (results) =>
          (Array.isArray(results) ? results.at(-1) : results) as {
            rows: { made: string | null }[];
          },
      );
    expect(rows[0]?.made).toBe(expected);
  });
});
