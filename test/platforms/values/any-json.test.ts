import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ColumnType, SourceField } from '../../../src/contract/schema.ts';
import { columnTypeOf, KNOWN_TYPES } from '../../../src/platforms/notion/property-types.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { StoredTable, type StoredRow } from '../../support/stored.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Any UTF-16, half pairs and U+0000 among it, and what escapes stumble over. */
const anyText = fc.oneof(
  fc.array(fc.nat(0xffff), { maxLength: 8 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    '',
    '\0',
    '\ud83d',
    '\udc00x',
    '\\u0000',
    '\\\0',
    '\\N',
    '\\.',
    '{a,"b"}',
    'NULL',
    '\r\n\t"\'',
    '2026-02-30',
    '2026-03-29T02:30:00',
    '0001-01-01T00:00:00+14:59',
    '1e400',
    '__proto__',
  ),
);
const anyNumber = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.constantFrom(0, -0, 0.1 + 0.2, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 2 ** 53),
);
const anyJson = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyText,
    anyNumber,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(anyText, tie('json'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).json;

const SAMPLES = { numRuns: 60 };
const BATCH = 8;

/** As Postgres can hold it. */
function storable(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\uFFFD');
  // Postgres' numeric knows no negative zero.
  if (typeof value === 'number') return value + 0;
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, member]) => [storable(key), storable(member)]);
  return Object.fromEntries(entries as [string, unknown][]);
}

/** What is not NULL is a value, and what is NULL has a reason, or nothing stood there. */
function expectAccounted(row: StoredRow, field: string, isEmpty: boolean): void {
  const value = row.values.get(field) ?? null;
  const isBoolean = value === 'false';
  const reason = row.errors?.[field];
  if (isEmpty)
    expect({ field, value: isBoolean ? null : value, reason }).toEqual({ field, value: null });
  else
    expect({ field, told: value !== null || typeof reason === 'string' }).toEqual({
      field,
      told: true,
    });
}

const fieldOf = (id: string, type: string, column_type: ColumnType): SourceField => ({
  id,
  name: id,
  type,
  column_type,
});

describe('any JSON as an Airtable cell of any column', () => {
  const TYPES: readonly ColumnType[] = [
    'text',
    'numeric',
    'boolean',
    'date',
    'timestamptz',
    'jsonb',
    'text[]',
  ];
  const cell = fc.option(
    fc.oneof(
      anyJson,
      fc.array(anyText, { maxLength: 3 }),
      fc.record({ error: anyText }),
      fc.record({ specialValue: anyText }),
      fc.record({ error: anyText, detail: anyJson }),
    ),
    { nil: undefined },
  );
  const cells = fc.tuple(...TYPES.map(() => cell));

  it('is stored, or NULL with a reason, and its record reads back as it was given', async () => {
    const table = await StoredTable.create(
      database.pool,
      'airtable',
      TYPES.map((type) => fieldOf(`fld ${type}`, 'formula', type)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(cells, { minLength: 1, maxLength: BATCH }), async (batch) => {
        await table.empty();
        const records = batch.map((values, i) => ({
          id: `rec${i}`,
          createdTime: '2026-01-01T00:00:00.000Z',
          fields: Object.fromEntries(
            TYPES.map((type, k) => [`fld ${type}`, values[k]]).filter(
              ([, value]) => value !== undefined,
            ),
          ) as Record<string, unknown>,
        }));
        await table.write(records);
        const rows = await table.rows();
        for (const record of records) {
          const row = rows.get(record.id);
          if (row === undefined) throw new Error(`${record.id} is not stored`);
          expect(row.raw).toEqual(JSON.parse(JSON.stringify(record)));
          for (const type of TYPES) {
            const given = record.fields[`fld ${type}`];
            const isEmpty =
              given === undefined ||
              given === null ||
              given === '' ||
              (Array.isArray(given) && given.length === 0);
            expectAccounted(row, `fld ${type}`, isEmpty);
          }
          expectSame(row, record.fields);
        }
      }),
      SAMPLES,
    );
  });

  /** Texts and numbers are the ones given; so is JSON, unless it holds pictures, which are left out. */
  function expectSame(row: StoredRow, fields: Readonly<Record<string, unknown>>): void {
    const text = row.values.get('fld text') ?? null;
    if (text !== null) expect(text).toBe(storable(fields['fld text']));
    const number = row.values.get('fld numeric') ?? null;
    if (number !== null) expect(Number(number)).toBe(Number(fields['fld numeric']) + 0);
    const json = row.values.get('fld jsonb') ?? null;
    if (json !== null) expect(JSON.parse(json)).toEqual(storable(fields['fld jsonb']));
  }
});

describe('any JSON as a Notion property of any type', () => {
  const TYPES = [...KNOWN_TYPES, 'from_the_future', 'constructor', 'unsupported'];
  const items = (...keys: string[]) =>
    fc.array(fc.dictionary(fc.constantFrom(...keys), anyText, { noNullPrototype: true }), {
      maxLength: 3,
    });
  const result = fc
    .tuple(fc.constantFrom(...TYPES, 'string', 'boolean', 'array'), anyJson)
    .map(([type, value]) => ({ type, [type]: value }));
  const payload = fc.oneof(
    anyJson,
    items('plain_text'),
    items('name', 'id', 'type'),
    fc.record({ name: anyText, id: anyText }),
    fc.record({ start: anyText, end: fc.option(anyText), time_zone: fc.option(anyText) }),
    fc.record({ prefix: anyText, number: anyJson }),
    fc.record({ state: anyText, verified_by: anyJson, date: anyJson }),
    result,
    fc.record({ type: fc.constant('array'), array: fc.array(result, { maxLength: 3 }) }),
  );
  const payloads = fc.tuple(...TYPES.map(() => payload));

  it('is stored, or NULL with a reason, and its page reads back as it was given', async () => {
    const table = await StoredTable.create(
      database.pool,
      'notion',
      TYPES.map((type) => fieldOf(`p-${type}`, type, columnTypeOf({ type }))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(payloads, { minLength: 1, maxLength: BATCH }), async (batch) => {
        await table.empty();
        const pages = batch.map((values, i) => ({
          object: 'page',
          id: `page-${i}`,
          created_time: '2026-01-01T00:00:00.000Z',
          last_edited_time: '2026-01-01T00:00:00.000Z',
          properties: Object.fromEntries(
            TYPES.map((type, k) => [type, { id: `p-${type}`, type, [type]: values[k] }]),
          ),
        }));
        await table.write(pages);
        const rows = await table.rows();
        for (const [i, page] of pages.entries()) {
          const row = rows.get(page.id);
          if (row === undefined) throw new Error(`${page.id} is not stored`);
          expect(row.raw).toEqual(JSON.parse(JSON.stringify(page)));
          for (const [k, type] of TYPES.entries()) {
            const value = row.values.get(`p-${type}`) ?? null;
            const isTold = value !== null || typeof row.errors?.[`p-${type}`] === 'string';
            if (!isTold)
              expect({ type, content: content(batch[i]?.[k]) }).toEqual({ type, content: [] });
          }
        }
      }),
      SAMPLES,
    );
  });

  /** What a payload holds apart from the words that Notion wraps it in. */
  function content(value: unknown): readonly unknown[] {
    if (value === null || value === '' || value === undefined) return [];
    if (Array.isArray(value)) return value.flatMap(content);
    if (typeof value !== 'object') return [value];
    // An option is its name, and nothing when that is empty.
    if ('name' in value && value.name === '') return [];
    return Object.entries(value)
      .filter(([key]) => key !== 'type' && key !== 'prefix')
      .flatMap(([, member]) => content(member));
  }
});
