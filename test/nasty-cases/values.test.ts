import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { EXACT, tablesOf, type Row } from '../support/tables.ts';

let installation: TestInstallation;
let tables: ReturnType<typeof tablesOf>;

const NOTION_TYPES = [
  ['Name', 'title'],
  ['Notes', 'rich_text'],
  ['Points', 'number'],
  ['Priority', 'select'],
  ['Tags', 'multi_select'],
  ['Due', 'date'],
  ['Owners', 'people'],
  ['Files', 'files'],
  ['Done', 'checkbox'],
  ['Link', 'url'],
  ['Related', 'relation'],
] as const;
const AIRTABLE_TYPES = [
  ['Name', 'singleLineText'],
  ['Notes', 'multilineText'],
  ['Amount', 'number'],
  ['Status', 'singleSelect'],
  ['Tags', 'multipleSelects'],
  ['Day', 'date'],
  ['Moment', 'dateTime'],
  ['Done', 'checkbox'],
  ['Files', 'multipleAttachments'],
  ['Links', 'multipleRecordLinks'],
  ['Names', 'multipleLookupValues'],
  ['Number of links', 'count'],
] as const;

beforeAll(async () => {
  const properties = NOTION_TYPES.map(([name, type]) => ({ name, type }));
  const fields = AIRTABLE_TYPES.map(([name, type]) => ({ name, type }));
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          {
            title: 'Database',
            sources: [
              { title: 'Empty', records: 0, properties },
              { title: 'Exact', records: 0, properties },
              { title: 'Text', records: 0, properties },
              {
                title: 'Long',
                records: 260,
                properties: [
                  ...properties,
                  { name: 'Names', type: 'rollup', function: 'show_original' },
                  { name: 'Half', type: 'rollup', function: 'incomplete' },
                  { name: 'Unseen', type: 'rollup', function: 'unsupported' },
                ],
              },
              { title: 'Awkward', records: 200, awkward: true },
            ],
          },
        ],
      },
      airtable: {
        bases: [
          {
            name: 'Base',
            tables: [
              { title: 'Blank', records: 0, fields },
              { title: 'Precise', records: 0, fields },
              {
                title: 'Failed',
                records: 12,
                fields: [
                  ...fields,
                  { name: 'Error', type: 'formula', result: 'error' },
                  { name: 'Special', type: 'formula', result: 'special' },
                ],
              },
              { title: 'Clumsy', records: 200, awkward: true },
            ],
          },
        ],
      },
    },
  });
  tables = tablesOf(installation);
});
afterAll(() => installation.close());
afterEach(() => {
  expect(installation.simulator.log.writes()).toEqual([]);
});

/** The values of one column, in the order of the ids. */
async function column(title: string, ids: readonly string[], name: string): Promise<unknown[]> {
  const rows = await tables.rows(title);
  return ids.map((id) => rows.get(id)?.[name]);
}

const without = (row: Row) =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('_')));

describe('an empty value', () => {
  it('of Notion is NULL in every type, while 0 and false stay, and people without a name do no harm', async () => {
    const { world } = installation.simulator;
    const group = {
      object: 'group',
      id: '11111111-1111-4111-8111-111111111111',
      name: 'Operators',
    };
    const gone = { object: 'user', id: '22222222-2222-4222-8222-222222222222' };
    const [never = '', emptied = '', zero = ''] = world.createRecords('Empty', [
      {},
      { Name: '', Notes: [], Points: null, Priority: null, Tags: [], Due: null, Owners: [] },
      { Name: '0', Points: 0, Done: false, Owners: [gone, group] },
    ]);
    world.editRecord('Empty', emptied, { Link: null, Files: [], Related: [], Done: null });
    expect(await tables.sync('Empty')).toMatchObject({ status: 'complete', inserted: 3 });
    const nothing = Object.fromEntries(NOTION_TYPES.map(([name]) => [name.toLowerCase(), null]));
    for (const id of [never, emptied]) {
      expect(without(await tables.row('Empty', id))).toEqual({ ...nothing, done: false });
    }
    expect(await tables.row('Empty', zero)).toMatchObject({
      name: '0',
      points: '0',
      done: false,
      owners: [{ id: gone.id }, { id: group.id, name: 'Operators', type: 'group' }],
      _errors: null,
    });
    expect(await tables.compare('Empty')).toMatchObject(EXACT);
  });

  it('of Airtable is NULL where it is left out, a checkbox is false, and 0 stays', async () => {
    const { world } = installation.simulator;
    const [none = '', emptied = '', zero = ''] = world.createRecords('Blank', [
      {},
      { Name: '', Notes: null, Done: false, Tags: [], Files: [], Links: [] },
      { Name: '0', Amount: 0, Done: true },
    ]);
    expect(world.truth('Blank').records.get(none)?.['fields']).toEqual({ 'Number of links': 0 });
    expect(await tables.sync('Blank')).toMatchObject({ status: 'complete', inserted: 3 });
    const nothing = Object.fromEntries(
      AIRTABLE_TYPES.map(([name]) => [name.toLowerCase().replaceAll(' ', '_'), null]),
    );
    for (const id of [none, emptied]) {
      expect(without(await tables.row('Blank', id))).toEqual({
        ...nothing,
        done: false,
        number_of_links: '0',
      });
    }
    expect(await tables.row('Blank', zero)).toMatchObject({ name: '0', amount: '0', done: true });
    expect(await tables.compare('Blank')).toMatchObject(EXACT);
  });
});

describe('a long value', () => {
  it('is whole: relations of 25, 26 and 250, 30 people, 60 mentions, 60,000 characters', async () => {
    const { world, log, knobs } = installation.simulator;
    knobs.notion.mentionCut = 25;
    const ids = world.ids('Long');
    const at = (place: number) => ids[place] ?? '';
    const person = (i: number) => ({
      object: 'user',
      id: `33333333-3333-4333-8333-3333333333${10 + i}`,
      name: `Person ${i}`,
      type: 'person',
      person: { email: `p${i}@example.com` },
    });
    const mention = (i: number) => ({
      type: 'mention',
      mention: { type: 'user', user: person(i) },
      annotations: {},
      plain_text: `@Person ${i}`,
      href: null,
    });
    const relations = [25, 26, 250].map((count) => ids.slice(0, count));
    for (const [i, related] of relations.entries()) {
      world.editRecord('Long', at(10 + i), { Related: related });
    }
    const people = Array.from({ length: 30 }, (_, i) => person(i));
    const mentions = Array.from({ length: 60 }, (_, i) => mention(i));
    const text = 'abcdefghij'.repeat(6_000);
    world.editRecord('Long', at(20), { Owners: people, Notes: mentions });
    world.editRecord('Long', at(21), { Notes: text });
    log.clear();
    expect(await tables.sync('Long')).toMatchObject({ status: 'complete', certified: true });
    knobs.notion.mentionCut = 0;
    expect(await column('Long', [at(10), at(11), at(12)], 'related')).toEqual(relations);
    const many = await tables.row('Long', at(20));
    expect((many['owners'] as { id: string }[]).map(({ id }) => id)).toEqual(
      people.map(({ id }) => id),
    );
    expect(many['notes']).toBe(mentions.map((item) => item.plain_text).join(''));
    expect(await tables.row('Long', at(21))).toMatchObject({ notes: text });
    // A relation of exactly 25 says that it is whole: nothing more is asked for it.
    expect(log.requests({ path: `/pages/${at(10)}/` })).toEqual([]);
  });

  it('that Notion does not give whole or not at all is NULL with the reason, or says that it may be short', async () => {
    const { world } = installation.simulator;
    const id = world.ids('Long')[12] ?? '';
    const row = await tables.row('Long', id);
    expect(row).toMatchObject({
      half: null,
      unseen: null,
      _errors: {
        half: expect.stringContaining('incomplete'),
        unseen: expect.stringContaining('unsupported'),
        names: expect.stringContaining('there may be more'),
      },
    });
    expect(row['names']).toHaveLength(25);
  });
});

describe('a computed Airtable value', () => {
  it('that failed is NULL with the reason and kept in _raw, and lookups keep their gaps', async () => {
    const { world } = installation.simulator;
    const [a = '', b = '', c = ''] = world.ids('Failed');
    world.editRecord('Failed', a, { Links: [b, c] });
    world.editRecord('Failed', b, { Name: '' });
    world.editRecord('Failed', c, { Name: 'linked' });
    expect(await tables.sync('Failed')).toMatchObject({ status: 'complete', inserted: 12 });
    expect((await tables.row('Failed', a))['names']).toEqual([null, 'linked']);
    const truth = world.truth('Failed');
    const reasons = new Set<unknown>();
    for (const [id, record] of truth.records) {
      const { Error: error, Special: special } = record['fields'] as Record<string, unknown>;
      const row = await tables.row('Failed', id);
      const errors = (row['_errors'] ?? {}) as Record<string, unknown>;
      for (const [name, cell] of [
        ['error', error],
        ['special', special],
      ] as const) {
        if (typeof cell === 'number') expect(Number(row[name])).toBe(cell);
        else {
          expect(row[name]).toBeNull();
          expect(Object.values(cell as object)).toEqual([errors[name]]);
          reasons.add(errors[name]);
        }
      }
    }
    expect([...reasons].map(String).toSorted()).toEqual([
      '#ERROR!',
      '-Infinity',
      'Infinity',
      'NaN',
      'circular reference',
    ]);
    expect(await tables.compare('Failed')).toMatchObject(EXACT);
  });
});

/** A number as the API's JSON has it, and as Postgres shows it. */
const NUMBERS: readonly (readonly [number, string])[] = [
  [0.1 + 0.2, '0.30000000000000004'],
  [0.29999999999999877, '0.29999999999999877'],
  [123123871234.33, '123123871234.33'],
  [2 ** 53, '9007199254740992'],
  [1e21, '1000000000000000000000'],
  [-0, '0'],
  [1e-7, '0.0000001'],
  [-0.5, '-0.5'],
];

describe('a number', () => {
  it('has the digits that the API gave, nothing rounded and nothing added, on both platforms', async () => {
    const { world } = installation.simulator;
    const expected = NUMBERS.map(([, text]) => text);
    const pages = world.createRecords(
      'Exact',
      NUMBERS.map(([number]) => ({ Points: number })),
    );
    const records = world.createRecords(
      'Precise',
      NUMBERS.map(([number]) => ({ Amount: number })),
    );
    await Promise.all([tables.sync('Exact'), tables.sync('Precise')]);
    expect(await column('Exact', pages, 'points')).toEqual(expected);
    expect(await column('Precise', records, 'amount')).toEqual(expected);
  });
});

describe('a date', () => {
  it('of Notion keeps day, range, offset and zone as they were written, whatever they are', async () => {
    const { world } = installation.simulator;
    const dates = [
      { start: '2026-03-01', end: null, time_zone: null },
      { start: '2026-03-01', end: '2026-03-04', time_zone: null },
      { start: '2026-03-01T02:30:00.000+05:45', end: null, time_zone: 'Asia/Kathmandu' },
      { start: '2026-03-29T02:30:00.000', end: null, time_zone: 'Europe/Berlin' },
      { start: '0001-01-01', end: null, time_zone: null },
      { start: '9999-12-31T23:59:00.000Z', end: null, time_zone: null },
      { start: '2026-03-04', end: '2026-03-01', time_zone: null },
    ];
    const ids = world.createRecords(
      'Exact',
      dates.map((date) => ({ Due: date })),
    );
    expect(await tables.sync('Exact')).toMatchObject({ status: 'complete' });
    expect(await column('Exact', ids, 'due')).toEqual(dates);
    expect(await tables.compare('Exact')).toMatchObject(EXACT);
  });

  it('of Airtable is a day or a moment, and NULL with the reason when the calendar does not know it', async () => {
    const { world } = installation.simulator;
    const days = ['2026-03-01', '0001-01-01', '9999-12-31', '2026-02-30'];
    const moments = [
      '2026-03-29T01:30:00.000Z',
      '0001-01-01T00:00:00.000Z',
      '9999-12-31T23:59:59.999Z',
      '2026-03-29T25:00:00.000Z',
    ];
    const ids = world.createRecords(
      'Precise',
      days.map((day, i) => ({ Day: day, Moment: moments[i] })),
    );
    expect(await tables.sync('Precise')).toMatchObject({ status: 'complete' });
    const { rows } = await installation.database.pool.query<{
      id: string;
      day: string;
      at: string;
    }>(
      `select _id as id, day::text, appsync.iso(moment) as at from airtable.precise
        where _id = any($1::text[])`,
      [ids],
    );
    const found = new Map(rows.map((row) => [row.id, row]));
    expect(ids.map((id) => found.get(id)?.day)).toEqual([...days.slice(0, 3), null]);
    expect(ids.map((id) => found.get(id)?.at)).toEqual([...moments.slice(0, 3), null]);
    expect(await tables.row('Precise', ids[3] ?? '')).toMatchObject({
      _errors: { day: 'not a date', moment: 'not a time' },
    });
    expect(await tables.compare('Precise')).toMatchObject(EXACT);
  });
});

describe('a text', () => {
  const TEXTS = [
    'nul\u0000byte',
    'half \ud83d of a pair',
    '👨‍👩‍👧 family, e\u0301 combined',
    'مرحبا \u202eRTL\u202c mark',
    'line one\r\nline two\n\ttabbed \\N \\. \\u0000',
    '\ufeffbom, {"a": 1}, {a,b}, NULL',
    'x'.repeat(100_000),
  ];
  const stored = TEXTS.map((text) =>
    text.replaceAll('\0', '\ufffd').replaceAll(/\p{Cs}/gu, '\ufffd'),
  );

  it('is stored with what Postgres refuses replaced, kept in _raw, and is not written again', async () => {
    const { world } = installation.simulator;
    const file = { name: 'plan.pdf', external: null, key: '44444444-4444-4444-8444-444444444444' };
    const ids = world.createRecords(
      'Text',
      TEXTS.map((text) => ({ Name: text, Notes: text, Files: [file], Tags: [text.slice(0, 90)] })),
    );
    expect(await tables.sync('Text')).toMatchObject({ status: 'complete', inserted: TEXTS.length });
    expect(await column('Text', ids, 'name')).toEqual(stored);
    expect(await column('Text', ids, 'notes')).toEqual(stored);
    expect(await column('Text', ids, 'tags')).toEqual(stored.map((text) => [text.slice(0, 90)]));
    // The link of the hosted file, without the signature that differs on every read.
    const [[{ url }]] = (await column('Text', ids, 'files')) as [[{ url: string }]];
    expect(url).toMatch(/plan\.pdf$/);
    expect(await tables.compare('Text')).toMatchObject(EXACT);
    installation.simulator.clock.advance(3_600_000);
    expect(await tables.full('Text')).toMatchObject({ updated: 0, unchanged: TEXTS.length });
  });

  it('and every other awkward value of every type, on both platforms, is stored once and for all', async () => {
    for (const title of ['Awkward', 'Clumsy']) {
      expect(await tables.sync(title)).toMatchObject({ status: 'complete', inserted: 200 });
      expect(await tables.compare(title)).toEqual({ rows: 200, expected: 200, ...EXACT });
    }
    installation.simulator.clock.advance(3_600_000);
    for (const title of ['Awkward', 'Clumsy']) {
      expect(await tables.full(title)).toMatchObject({ inserted: 0, updated: 0, unchanged: 200 });
    }
  });
});
