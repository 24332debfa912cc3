import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ColumnType, SourceField } from '../../../src/contract/schema.ts';
import { columnTypeOf } from '../../../src/platforms/notion/property-types.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { StoredTable } from '../../support/stored.ts';
import { hostedFile, pageOf, person, textItem } from '../notion/samples.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

interface Stored {
  /** In Postgres' text form. */
  readonly value: string | null;
  readonly error: string | null;
}

/** A value on its whole way into a table, and as it stands there. */
async function notion(type: string, payload: unknown, columnType?: ColumnType): Promise<Stored> {
  const column_type = columnType ?? columnTypeOf({ type });
  const field: SourceField = { id: 'f', name: 'F', type, column_type };
  const page = pageOf({ F: { id: 'f', type, [type]: payload } });
  return stored(await StoredTable.create(database.pool, 'notion', [field]), page);
}

async function airtable(column_type: ColumnType, cell?: unknown): Promise<Stored> {
  const field: SourceField = { id: 'f', name: 'F', type: 'formula', column_type };
  const fields = cell === undefined ? {} : { f: cell };
  const record = { id: 'rec1', createdTime: '2026-01-01T00:00:00.000Z', fields };
  return stored(await StoredTable.create(database.pool, 'airtable', [field]), record);
}

async function stored(table: StoredTable, record: unknown): Promise<Stored> {
  await table.write([record]);
  const [row] = [...(await table.rows()).values()];
  expect(row?.raw).toEqual(JSON.parse(JSON.stringify(record)));
  // The second time there is nothing to write.
  expect(await table.write([record])).toMatchObject({ unchanged: 1, updated: 0, inserted: 0 });
  return { value: row?.values.get('f') ?? null, error: row?.errors?.['f'] ?? null };
}

const value = (text: string) => ({ value: text, error: null });
const EMPTY = { value: null, error: null };
const because = (reason: string) => ({ value: null, error: expect.stringContaining(reason) });

describe('empty', () => {
  it('is NULL on Notion in every dialect; 0 and false are values', async () => {
    for (const type of ['title', 'rich_text', 'multi_select', 'relation', 'people', 'files']) {
      expect([type, await notion(type, [])]).toEqual([type, EMPTY]);
    }
    for (const type of ['number', 'select', 'date', 'url', 'formula', 'from_the_future']) {
      expect([type, await notion(type, null)]).toEqual([type, EMPTY]);
      expect([type, await notion(type, undefined)]).toEqual([type, EMPTY]);
    }
    for (const type of ['url', 'email', 'phone_number'])
      expect(await notion(type, '')).toEqual(EMPTY);
    expect(await notion('formula', { type: 'string', string: '' })).toEqual(EMPTY);
    expect(await notion('rollup', { type: 'array', array: [] }, 'jsonb')).toEqual(EMPTY);
    expect(await notion('number', 0)).toEqual(value('0'));
    expect(await notion('checkbox', false)).toEqual(value('false'));
    expect(await notion('formula', { type: 'number', number: 0 })).toEqual(value('0'));
    expect(await notion('formula', { type: 'boolean', boolean: false })).toEqual(value('false'));
    expect(await notion('from_the_future', {})).toEqual(value('{}'));
  });

  it('is NULL on Airtable, left out or sent, but for a checkbox, which is false; 0 is a value', async () => {
    for (const type of ['text', 'numeric', 'date', 'timestamptz', 'jsonb', 'text[]'] as const) {
      for (const cell of [undefined, null, '', []]) {
        expect([type, cell, await airtable(type, cell)]).toEqual([type, cell, EMPTY]);
      }
    }
    for (const cell of [undefined, null, '', []])
      expect(await airtable('boolean', cell)).toEqual(value('false'));
    expect(await airtable('boolean', true)).toEqual(value('true'));
    expect(await airtable('numeric', 0)).toEqual(value('0'));
    expect(await airtable('jsonb', 0)).toEqual(value('0'));
    expect(await airtable('text[]', [null, ''])).toEqual(value('{NULL,""}'));
  });
});

describe('numbers', () => {
  const NUMBERS: readonly (readonly [number, string])[] = [
    [0.1 + 0.2, '0.30000000000000004'],
    [0.29999999999999877, '0.29999999999999877'],
    [123123871234.33, '123123871234.33'],
    [Number('9007199254740993'), '9007199254740992'],
    [1e21, '1000000000000000000000'],
    [-0, '0'],
    [1e-7, '0.0000001'],
    [1e308, `1${'0'.repeat(308)}`],
    [5e-324, `0.${'0'.repeat(323)}5`],
    [-1.5, '-1.5'],
  ];

  it('are exact decimals, in numeric columns and in JSON', async () => {
    for (const [number, text] of NUMBERS) {
      expect(await notion('number', number)).toEqual(value(text));
      expect(await notion('formula', { type: 'number', number })).toEqual(value(text));
      expect(await airtable('numeric', number)).toEqual(value(text));
      expect(await airtable('jsonb', { deep: [number] })).toEqual(value(`{"deep": [${text}]}`));
    }
  });

  it('beyond what a number can be are NULL with a reason: JSON has them, 1e400 say', async () => {
    const huge: unknown = JSON.parse('1e400');
    const table = await StoredTable.create(database.pool, 'airtable', [
      { id: 'f', name: 'F', type: 'number', column_type: 'numeric' },
      { id: 'j', name: 'J', type: 'aiText', column_type: 'jsonb' },
    ]);
    await table.write([{ id: 'rec1', fields: { f: huge, j: [{ a: huge }] } }]);
    const row = (await table.rows()).get('rec1');
    expect([...(row?.values.values() ?? [])]).toEqual([null, null]);
    expect(row?.errors).toEqual({
      f: expect.any(String),
      j: 'it holds a number that is not finite',
    });
  });
});

describe('dates', () => {
  const date = async (start: unknown, end: unknown = null, time_zone: unknown = null) => {
    const { value: text, error } = await notion('date', { start, end, time_zone });
    return error ?? (JSON.parse(text ?? 'null') as unknown);
  };

  it('of Notion keep what was written: days, ranges, offsets, zones, gaps, the ends of the calendar', async () => {
    const kept: readonly (readonly [string, string | null, string | null])[] = [
      ['2026-05-01', null, null],
      ['2026-05-01', '2026-05-03', null],
      ['2026-05-03', '2026-05-01', null],
      ['0001-01-01', '9999-12-31', null],
      ['2026-05-01T10:00:00.000+05:45', null, null],
      ['2026-05-01T10:00:00.000', null, 'Asia/Kathmandu'],
      ['2026-03-29T02:30:00.000', null, 'Europe/Berlin'],
      ['2024-02-29T23:59:59.999Z', null, null],
    ];
    for (const [start, end, time_zone] of kept) {
      expect(await date(start, end, time_zone)).toEqual({ start, end, time_zone });
    }
  });

  it('that no calendar knows are NULL with a reason, and never refused', async () => {
    for (const wrong of [
      '2026-02-30',
      '2023-02-29',
      '2026-13-01',
      '0000-01-01',
      '+010000-01-01',
      '',
      7,
    ]) {
      expect([wrong, await date(wrong)]).toEqual([wrong, expect.stringContaining('not a')]);
      expect([wrong, await date('2026-01-01', wrong)]).toEqual([
        wrong,
        expect.stringContaining('not a'),
      ]);
    }
    for (const wrong of [
      '2026-02-30',
      '2026-02-30T00:00:00.000Z',
      '0000-01-01',
      'Feb 30 2026',
      '2026-01-01 10:00',
    ]) {
      expect(await airtable('date', wrong)).toEqual(because('not a date'));
      expect(await airtable('timestamptz', wrong)).toEqual(because('not a time'));
      expect(await notion('created_time', wrong)).toEqual(because('not a time'));
    }
  });

  it('of Airtable are days or moments', async () => {
    expect(await airtable('date', '0001-01-01')).toEqual(value('0001-01-01'));
    expect(await airtable('date', '9999-12-31')).toEqual(value('9999-12-31'));
    const inUtc = async (text: string) => {
      const { value: kept } = await airtable('timestamptz', text);
      return new Date(String(kept).replace(/([+-]\d\d)$/, '$1:00')).toISOString();
    };
    expect(await inUtc('2026-05-01T10:00:00.000+05:45')).toBe('2026-05-01T04:15:00.000Z');
    expect(await inUtc('2026-03-29T02:30:00.000Z')).toBe('2026-03-29T02:30:00.000Z');
  });

  it('among a record’s own times do no harm when no calendar knows them', async () => {
    const table = await StoredTable.create(database.pool, 'notion', []);
    const times = { created_time: '2026-02-30T00:00:00.000Z', last_edited_time: 'soon' };
    await table.write([pageOf({}, times)]);
    expect((await table.rows()).size).toBe(1);
  });
});

describe('people and lists', () => {
  it('of users that are partial, groups or gone', async () => {
    const { value: text } = await notion('people', [
      person('u1'),
      { object: 'user', id: 'u2' },
      { object: 'group', id: 'g1', name: 'Team' },
      { object: 'user', id: 'u3', name: null, avatar_url: null, type: 'person', person: {} },
    ]);
    expect(JSON.parse(text ?? '')).toEqual([
      { id: 'u1', name: 'Ada', email: 'ada@example.com', type: 'person' },
      { id: 'u2' },
      { id: 'g1', name: 'Team', type: 'group' },
      { id: 'u3', type: 'person' },
    ]);
    expect(await airtable('jsonb', { id: 'usr1' })).toEqual(value('{"id": "usr1"}'));
  });

  it.each([25, 26, 250])(
    'of %i relations, links and people keep all that is given',
    async (length) => {
      const ids = Array.from({ length }, (_, i) => ({ id: `r${i}` }));
      const array = `{${ids.map(({ id }) => id).join(',')}}`;
      expect(await notion('relation', ids)).toEqual(value(array));
      expect(
        await airtable(
          'text[]',
          ids.map(({ id }) => id),
        ),
      ).toEqual(value(array));
      expect(JSON.parse((await notion('people', ids)).value ?? '')).toEqual(ids);
    },
  );
});

describe('computed values', () => {
  it('of Notion are NULL with a reason when one of a list cannot be had', async () => {
    const incomplete = { type: 'incomplete', incomplete: {} };
    const array = [
      { type: 'number', number: 1 },
      { type: 'formula', formula: incomplete },
    ];
    expect(await notion('rollup', { type: 'array', array }, 'jsonb')).toEqual(
      because('incomplete'),
    );
    expect(await notion('rollup', { type: 'unsupported', unsupported: {} }, 'jsonb')).toEqual(
      because('unsupported'),
    );
    expect(await notion('formula', { type: 'unsupported' })).toEqual(because('unsupported'));
    const nulls = [
      { type: 'number', number: null },
      { type: 'title', title: [textItem('x')] },
    ];
    expect(await notion('rollup', { type: 'array', array: nulls }, 'jsonb')).toEqual(
      value('[null, "x"]'),
    );
    const verification = { state: 'verified', verified_by: { name: 'nobody' }, date: null };
    expect(await notion('verification', verification)).toEqual(because('not a user'));
  });

  it('of Airtable are NULL with what Airtable says, in columns of every type', async () => {
    for (const type of [
      'text',
      'numeric',
      'boolean',
      'date',
      'timestamptz',
      'jsonb',
      'text[]',
    ] as const) {
      expect(await airtable(type, { error: '#ERROR!' })).toEqual(because('#ERROR!'));
      expect(await airtable(type, { specialValue: 'NaN' })).toEqual(because('NaN'));
    }
    const half = `${'x'.repeat(99)}😀`;
    expect(await airtable('text', { error: half })).toEqual(because('x\uFFFD'));
    const lookup = [null, 'x', { error: '#ERROR!' }, { specialValue: 'Infinity' }];
    expect(JSON.parse((await airtable('jsonb', lookup)).value ?? '')).toEqual(lookup);
    const thing = { error: 'of the future', detail: 1 };
    expect(JSON.parse((await airtable('jsonb', thing)).value ?? '')).toEqual(thing);
  });
});

describe('texts', () => {
  const TEXTS: readonly (readonly [string, string])[] = [
    ['a\0b', 'a\uFFFDb'],
    ['\ud83d', '\uFFFD'],
    ['x\udc00y', 'x\uFFFDy'],
    ['👨‍👩‍👧 e\u0301 🏳️‍🌈', '👨‍👩‍👧 e\u0301 🏳️‍🌈'],
    ['one\r\ntwo\n\tthree\r', 'one\r\ntwo\n\tthree\r'],
    ['\u202eمرحبا\u202c', '\u202eمرحبا\u202c'],
    ['\ufeffbom', '\ufeffbom'],
    ['\\N', '\\N'],
    ['\\u0000', '\\u0000'],
    ['x'.repeat(100_000), 'x'.repeat(100_000)],
    ['  spaces  ', '  spaces  '],
  ];

  it('are stored to the letter, with U+FFFD for what Postgres cannot hold', async () => {
    for (const [given, kept] of TEXTS) {
      expect(await notion('rich_text', [textItem(given)])).toEqual(value(kept));
      expect(await airtable('text', given)).toEqual(value(kept));
      const { value: json } = await airtable('jsonb', { [given.slice(0, 50)]: given });
      expect(JSON.parse(json ?? '')).toEqual({ [kept.slice(0, 50)]: kept });
      const list = await airtable('text[]', [given, 'b']);
      expect(list.error).toBeNull();
    }
  });

  it('of 60,000 characters in items of 2,000 are one text', async () => {
    const items = Array.from({ length: 30 }, (_, i) => textItem(String(i % 10).repeat(2_000)));
    const { value: text } = await notion('rich_text', items);
    expect(text).toHaveLength(60_000);
  });
});

describe('what changes with every reading', () => {
  it('does not make a row be written again', async () => {
    const table = await StoredTable.create(database.pool, 'notion', []);
    const page = (reading: string) =>
      pageOf(
        {
          Files: { id: 'f', type: 'files', files: [hostedFile(reading)] },
          People: {
            id: 'p',
            type: 'people',
            people: [{ ...person('u1'), avatar_url: `https://x/${reading}` }],
          },
        },
        {
          icon: { type: 'file', file: { url: `https://x/i?${reading}`, expiry_time: reading } },
          request_id: reading,
        },
      );
    await table.write([page('1')]);
    expect(await table.write([page('2')])).toMatchObject({ unchanged: 1, updated: 0 });
  });
});

describe('JSON', () => {
  const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

  it('nested deeper than Postgres and Node can follow is NULL with a reason; the record stays whole', async () => {
    expect(await airtable('jsonb', [nested(900)])).toMatchObject({ error: null });
    expect(await airtable('jsonb', [nested(1_500)])).toEqual(
      because('nested deeper than 1000 levels'),
    );
    expect(await notion('from_the_future', [nested(1_990)])).toEqual(because('nested deeper'));
    await expect(airtable('jsonb', nested(2_100))).rejects.toThrow('nested too deeply');
  });

  it('with one key twice counts the last one, as JSON.parse does', async () => {
    const twice: unknown = JSON.parse('{"a": 1, "b": 2, "a": 3}');
    expect(await airtable('jsonb', twice)).toEqual(value('{"a": 3, "b": 2}'));
  });

  it('of a type that nobody knows is kept as it is', async () => {
    const future = { any: ['thing', 1, null, { deep: true }] };
    expect(JSON.parse((await notion('from_the_future', future)).value ?? '')).toEqual(future);
    expect(JSON.parse((await airtable('jsonb', future)).value ?? '')).toEqual(future);
  });
});
