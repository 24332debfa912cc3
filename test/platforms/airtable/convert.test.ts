import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Column, ColumnType } from '../../../src/contract/schema.ts';
import { createConverter } from '../../../src/platforms/airtable/convert.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { rawText } from '../../../src/platforms/values/utf8-text.ts';

const FIELD = 'fldNvFMYxBnf35WkO';

const columnOf = (column_type: ColumnType, more: Partial<Column> = {}): Column => ({
  id: FIELD,
  name: 'A field',
  type: 'formula',
  column: 'a_field',
  column_type,
  ...more,
});

const recordOf = (fields: Readonly<Record<string, unknown>>) => ({
  id: 'recYYYYYYYYYYYYYY',
  createdTime: '2026-01-02T03:04:05.000Z',
  fields,
});

/** A cell as a column of this type has it. */
function convert(column_type: ColumnType, cell: unknown) {
  const record = createConverter([columnOf(column_type)])(recordOf({ [FIELD]: cell }));
  return { text: record.values[0], error: record.errors?.[FIELD] ?? null };
}
const textOf = (column_type: ColumnType, cell: unknown) => convert(column_type, cell).text;
const hashOf = (fields: Readonly<Record<string, unknown>>) =>
  createConverter([])(recordOf(fields)).hash;

const ALL_TYPES: readonly ColumnType[] = [
  'text',
  'numeric',
  'boolean',
  'date',
  'timestamptz',
  'jsonb',
  'text[]',
];

const attachment = (reading: string) => ({
  id: 'attW8eG2x0ew1Af5Q',
  url: `https://v5.airtableusercontent.com/${reading}/original`,
  filename: 'plan №1.pdf',
  size: 12,
  type: 'application/pdf',
  thumbnails: { small: { url: `https://v5.airtableusercontent.com/${reading}/small`, width: 36 } },
});

describe('a cell', () => {
  it('keeps what Airtable says in the type that its column has', () => {
    expect(textOf('text', 'Hello "world"')).toBe('Hello "world"');
    expect(textOf('numeric', 0)).toBe('0');
    expect(textOf('numeric', 0.29999999999999877)).toBe('0.29999999999999877');
    expect(textOf('numeric', 123123871234.33)).toBe('123123871234.33');
    expect(textOf('numeric', 1e21)).toBe('1e+21');
    expect(textOf('boolean', true)).toBe('t');
    expect(textOf('date', '2022-02-28')).toBe('2022-02-28');
    expect(textOf('timestamptz', '2022-02-28T10:20:30.000Z')).toBe('2022-02-28T10:20:30.000Z');
    expect(textOf('text[]', ['a, b', '"quoted"'])).toBe('{"a, b","\\"quoted\\""}');
    expect(textOf('jsonb', { label: 'Open', url: null })).toBe('{"label":"Open","url":null}');
    expect(textOf('jsonb', [null, 'x', { error: '#ERROR!' }])).toBe(
      '[null,"x",{"error":"#ERROR!"}]',
    );
  });

  it('that is left out is NULL, but for a checkbox, which is not ticked', () => {
    for (const column_type of ALL_TYPES) {
      const expected = { text: column_type === 'boolean' ? 'f' : null, error: null };
      expect(convert(column_type, undefined)).toEqual(expected);
    }
    const { values, errors } = createConverter(ALL_TYPES.map((type) => columnOf(type)))(
      recordOf({}),
    );
    expect(values).toEqual([null, null, 'f', null, null, null, null]);
    expect(errors).toBeNull();
  });

  it('is never taken from a member that every object has', () => {
    const column = columnOf('jsonb', { id: 'constructor' });
    expect(createConverter([column])(recordOf({})).values).toEqual([null]);
  });

  it.each(ALL_TYPES)(
    'of a computation that failed is NULL with the reason, in a column of %s',
    (type) => {
      expect(convert(type, { error: '#ERROR!' })).toEqual({ text: null, error: '#ERROR!' });
      expect(convert(type, { error: 'circular reference' }).error).toBe('circular reference');
      expect(convert(type, { specialValue: 'NaN' })).toEqual({ text: null, error: 'NaN' });
      expect(convert(type, { specialValue: '-Infinity' }).error).toBe('-Infinity');
    },
  );

  it('that does not fit its column is NULL with a reason that does not quote it', () => {
    expect(convert('numeric', 'secret')).toEqual({ text: null, error: 'not a number' });
    expect(convert('text', 12)).toEqual({ text: null, error: 'a number, not a text' });
    expect(convert('text', ['secret'])).toEqual({ text: null, error: 'a list, not a text' });
    expect(convert('boolean', 'secret').text).toBeNull();
    expect(convert('text[]', 'secret').text).toBeNull();
    expect(convert('text[]', [{ id: 'recX' }]).text).toBeNull();
    expect(convert('date', { start: 'secret' }).error).toBe('an object, not a date');
  });

  it('that is declared a number and is true counts as one', () => {
    expect(textOf('numeric', true)).toBe('1');
  });

  it('of an AI field keeps its state, also when the AI failed', () => {
    const failed = { state: 'error', isStale: false, value: null, errorType: 'emptyDependency' };
    expect(JSON.parse(String(textOf('jsonb', failed)))).toEqual(failed);
  });

  it('of people has no links to their pictures', () => {
    const person = { id: 'usrX', email: 'ada@example.com', name: 'Ada' };
    const pictured = { ...person, profilePicUrl: 'https://static.example.com/1' };
    expect(JSON.parse(String(textOf('jsonb', pictured)))).toEqual(person);
    expect(JSON.parse(String(textOf('jsonb', [pictured, person])))).toEqual([person, person]);
  });

  it('holds nothing that Postgres cannot store', () => {
    expect(textOf('text', 'a\0b\ud83d')).toBe('a\uFFFDb\uFFFD');
    expect(textOf('jsonb', ['a\0b'])).toBe('["a\uFFFDb"]');
    expect(textOf('text[]', ['a\0b'])).toBe('{"a\uFFFDb"}');
  });
});

describe('a date or time', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const TIMES = [
    '2024-02-29',
    '0001-01-01',
    '9999-12-31',
    '2026-01-01T00:00:00.000Z',
    '2026-01-01T23:59Z',
    '2026-01-01T10:00:00+05:45',
    '2026-03-29T02:30:00.000+01:00',
    '0001-01-01T00:00:00.000+14:00',
    '9999-12-31T23:59:59.999Z',
  ];

  it('is one that Postgres accepts', async () => {
    for (const type of ['date', 'timestamptz'] as const) {
      const texts = TIMES.map((time) => textOf(type, time));
      expect(texts).not.toContain(null);
      await database.pool.query(`select unnest($1::text[])::${type}`, [texts]);
    }
  });

  it('is NULL with an error when the calendar does not know it', () => {
    const wrong = [
      '2023-02-29',
      '2024-13-01',
      '2024-04-31',
      '2024-00-10',
      '0000-01-01',
      '-000001-01-01T00:00:00.000Z',
      '+012345-01-01T00:00:00.000Z',
      '2024-01-01T24:30:00.000Z',
      '2024-01-01T10:00:00.000',
      'tomorrow',
    ];
    for (const time of wrong) {
      expect(convert('date', time)).toEqual({ text: null, error: 'not a date' });
      expect(convert('timestamptz', time)).toEqual({ text: null, error: 'not a time' });
    }
  });

  it('keeps its day in a column of days, and is midnight UTC in a column of times', () => {
    expect(textOf('date', '2024-01-31T22:00:00.000Z')).toBe('2024-01-31');
    expect(textOf('timestamptz', '2024-01-31')).toBe('2024-01-31T00:00:00.000Z');
  });
});

describe('a record', () => {
  it('is kept as Airtable gave it, beside its values', () => {
    const given = recordOf({ [FIELD]: 'a\0b', fldUnknown: { any: [1] } });
    const record = createConverter([columnOf('text')])(given);
    expect(JSON.parse(rawText(record.raw))).toEqual(given);
    expect(record).toMatchObject({ id: given.id, created_at: given.createdTime, truncated: [] });
  });

  it('has a time of editing only where a field tells it', () => {
    const edited = '2026-05-06T07:08:09.000Z';
    const editedAt = (column: Column) =>
      createConverter([column])(recordOf({ [FIELD]: edited })).edited_at;
    expect(editedAt(columnOf('timestamptz', { type: 'lastModifiedTime' }))).toBe(edited);
    expect(editedAt(columnOf('timestamptz', { type: 'dateTime' }))).toBeNull();
    const never = createConverter([columnOf('timestamptz', { type: 'lastModifiedTime' })]);
    expect(never(recordOf({})).edited_at).toBeNull();
  });

  it('has the same hash when only links, previews and the order of keys differ', () => {
    const person = { id: 'usrX', email: 'ada@example.com' };
    const first = hashOf({
      a: [attachment('one')],
      b: { ...person, profilePicUrl: 'https://x/1' },
    });
    const { thumbnails: _, ...withoutPreviews } = attachment('two');
    const second = hashOf({ b: { ...person, profilePicUrl: 'https://x/2' }, a: [withoutPreviews] });
    expect(second).toBe(first);
  });

  it('has another hash when its content differs, also in fields without a column', () => {
    const hashes = [
      {},
      { a: 0 },
      { a: '0' },
      { b: 0 },
      { a: [attachment('one')] },
      { a: [{ ...attachment('one'), filename: 'plan №2.pdf' }] },
      { a: { url: 'https://example.com/1' } },
      { a: { url: 'https://example.com/2' } },
    ].map(hashOf);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('without an id is refused', () => {
    for (const record of [null, 'x', {}, { id: 7 }]) {
      expect(() => createConverter([])(record)).toThrow('without an id');
    }
  });
});
