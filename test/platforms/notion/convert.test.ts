import { describe, expect, it } from '@jest/globals';
import type { ColumnType } from '../../../src/contract/schema.ts';
import { createConverter } from '../../../src/platforms/notion/convert.ts';
import { columnOf, hostedFile, mention, pageOf, person, textItem } from './samples.ts';
import { rawText } from '../../../src/platforms/values/utf8-text.ts';

/** Converts a page with one property; gives its text, its error, and whether it was cut short. */
function convertOne(type: string, payload: unknown, more = {}, columnType?: ColumnType) {
  const property = { id: 'p%3Aid', type, [type]: payload, ...more };
  const record = createConverter([columnOf(type, columnType)])(pageOf({ Property: property }));
  expect(JSON.parse(rawText(record.raw))).toEqual(pageOf({ Property: property }));
  return { value: record.values[0], errors: record.errors, truncated: record.truncated };
}

const valueOf = (type: string, payload: unknown, columnType?: ColumnType) =>
  convertOne(type, payload, {}, columnType).value;
const jsonOf = (type: string, payload: unknown) => JSON.parse(String(valueOf(type, payload)));

describe('a Notion value', () => {
  it('is text where Notion has text, put together from its items', () => {
    const items = [textItem('Ship '), mention('ada'), textItem(' soon')];
    expect(valueOf('title', items)).toBe('Ship @ada soon');
    expect(valueOf('rich_text', items)).toBe('Ship @ada soon');
    expect(valueOf('url', 'https://example.com')).toBe('https://example.com');
    expect(valueOf('email', 'ada@example.com')).toBe('ada@example.com');
    expect(valueOf('phone_number', '123')).toBe('123');
    expect(valueOf('select', { id: 'x', name: 'Done', color: 'red' })).toBe('Done');
    expect(valueOf('status', { id: 'x', name: 'Doing', color: 'red' })).toBe('Doing');
  });

  it('is a number, boolean, time or list of texts where Notion has one', () => {
    expect(valueOf('number', 3.1234567891)).toBe('3.1234567891');
    expect(valueOf('number', 0)).toBe('0');
    expect(valueOf('checkbox', true)).toBe('t');
    expect(valueOf('checkbox', false)).toBe('f');
    expect(valueOf('created_time', '2026-06-27T17:01:00.000Z')).toBe('2026-06-27T17:01:00.000Z');
    expect(valueOf('multi_select', [{ name: 'a "b"' }, { name: 'c\\d' }])).toBe(
      '{"a \\"b\\"","c\\\\d"}',
    );
    expect(valueOf('relation', [{ id: 'one' }, { id: 'two' }])).toBe('{"one","two"}');
  });

  it('is a unique id as people write it', () => {
    expect(valueOf('unique_id', { prefix: 'PRE', number: 12 })).toBe('PRE-12');
    expect(valueOf('unique_id', { prefix: null, number: 12 })).toBe('12');
  });

  it('is JSON without wrapping where Notion has an object', () => {
    const date = { start: '2022-02-11', end: null, time_zone: null };
    expect(jsonOf('date', { start: '2022-02-11' })).toEqual(date);
    expect(jsonOf('formula', { type: 'string', string: 'x' })).toBe('x');
    expect(jsonOf('formula', { type: 'date', date })).toEqual(date);
    expect(jsonOf('place', { lat: 52.52, lon: 13.405 })).toEqual({ lat: 52.52, lon: 13.405 });
    expect(jsonOf('button', {})).toEqual({});
    expect(jsonOf('from_the_future', { any: [1] })).toEqual({ any: [1] });
  });

  it('names people without their avatars, partial ones and groups too', () => {
    const ada = { id: 'u1', name: 'Ada', email: 'ada@example.com', type: 'person' };
    expect(jsonOf('created_by', person('u1'))).toEqual(ada);
    expect(
      jsonOf('people', [
        person('u1'),
        { object: 'user', id: 'u2' },
        { object: 'group', id: 'g1', name: 'Team' },
      ]),
    ).toEqual([ada, { id: 'u2' }, { id: 'g1', name: 'Team', type: 'group' }]);
    const verification = { state: 'verified', verified_by: person('u1'), date: null };
    expect(jsonOf('verification', verification)).toEqual({ ...verification, verified_by: ada });
  });

  it('keeps the address of a hosted file without its signature', () => {
    const external = { name: 'logo', type: 'external', external: { url: 'https://e.com/?a=1' } };
    expect(jsonOf('files', [hostedFile('2'), external])).toEqual([
      { name: 'plan.pdf', type: 'file', url: 'https://files.example.com/space/plan.pdf' },
      { name: 'logo', type: 'external', url: 'https://e.com/?a=1' },
    ]);
  });

  it('is NULL when empty, however Notion writes that', () => {
    const empty = { title: [], rich_text: [textItem('')], multi_select: [], relation: [] };
    for (const [type, payload] of Object.entries(empty)) expect(valueOf(type, payload)).toBeNull();
    for (const type of ['number', 'select', 'date', 'url', 'verification', 'place', 'people']) {
      expect(convertOne(type, null)).toEqual({ value: null, errors: null, truncated: [] });
    }
    expect(valueOf('files', [])).toBeNull();
    expect(valueOf('formula', { type: 'string', string: null })).toBeNull();
    expect(valueOf('rollup', { type: 'number', number: null }, 'numeric')).toBeNull();
  });

  it('replaces what Postgres cannot store', () => {
    expect(valueOf('rich_text', [textItem('a\0b\ud83d')])).toBe('a\uFFFDb\uFFFD');
    expect(jsonOf('formula', { type: 'string', string: 'a\0' })).toBe('a\uFFFD');
  });
});

describe('a rollup', () => {
  const rollup = (payload: object, columnType: ColumnType) =>
    convertOne('rollup', payload, {}, columnType);

  it('is a number where its function gives one', () => {
    expect(rollup({ type: 'number', number: 0, function: 'count' }, 'numeric').value).toBe('0');
  });

  it('is a list of plain values where it shows originals', () => {
    const array = [
      { type: 'title', title: [textItem('Item 1')] },
      { type: 'number', number: 42 },
      { type: 'number', number: null },
      { type: 'multi_select', multi_select: [{ name: 'Tag 1' }] },
    ];
    const { value } = rollup({ type: 'array', array, function: 'show_original' }, 'jsonb');
    expect(JSON.parse(String(value))).toEqual(['Item 1', 42, null, ['Tag 1']]);
  });

  it('is NULL with the reason when Notion has not computed it', () => {
    for (const type of ['incomplete', 'unsupported']) {
      const { value, errors } = rollup({ type, [type]: {}, function: 'sum' }, 'numeric');
      expect(value).toBeNull();
      expect(errors).toEqual({ 'p:id': expect.stringContaining(type) });
    }
  });

  it('says that it may lack entries when it is as long as Notion lets it be', () => {
    const array = Array.from({ length: 25 }, (_, number) => ({ type: 'number', number }));
    const { value, errors } = rollup({ type: 'array', array }, 'jsonb');
    expect(JSON.parse(String(value))).toHaveLength(25);
    expect(errors).toEqual({ 'p:id': expect.stringContaining('may be more') });
  });
});

describe('a list of 25', () => {
  const ids = (length: number) => Array.from({ length }, (_, id) => ({ id: `r${id}` }));
  const truncated = (payload: unknown, more = {}) =>
    convertOne('relation', payload, more).truncated;

  it('is cut short when Notion says so, and when it does not say that it is not', () => {
    expect(truncated(ids(25), { has_more: true })).toEqual(['p:id']);
    expect(truncated(ids(25), { has_more: false })).toEqual([]);
    expect(truncated(ids(25))).toEqual(['p:id']);
    expect(truncated(ids(24))).toEqual([]);
    expect(truncated(ids(26))).toEqual([]);
  });

  it('counts people, and mentions in texts', () => {
    expect(convertOne('people', ids(25)).truncated).toEqual(['p:id']);
    const mentions = (count: number) => Array.from({ length: count }, () => mention('ada'));
    expect(convertOne('rich_text', [textItem('by '), ...mentions(25)]).truncated).toEqual(['p:id']);
    expect(convertOne('rich_text', mentions(60)).truncated).toEqual([]);
  });
});

describe('a page', () => {
  it('is read by property id, whatever its properties are named and however ids are encoded', () => {
    const columns = [columnOf('number', 'numeric', '%3Aa'), columnOf('url', 'text', ':b')];
    const page = pageOf({
      Renamed: { id: '%3Ab', type: 'url', url: 'u' },
      New: { id: 'zzzz', type: 'number', number: 9 },
      Count: { id: '%3Aa', type: 'number', number: 1 },
    });
    expect(createConverter(columns)(page).values).toEqual(['1', 'u']);
  });

  it('has NULL for a property that is gone, and its times and id', () => {
    const record = createConverter([columnOf('number')])(pageOf({}));
    expect(record).toMatchObject({
      id: '38c9ce7b-60a4-8156-a1b7-cf948b230f66',
      created_at: '2026-06-27T17:01:00.000Z',
      edited_at: '2026-06-28T09:30:00.000Z',
      values: [null],
      errors: null,
    });
  });

  it('has NULL and a reason for a value that does not fit its column', () => {
    const misfits: readonly (readonly [string, unknown])[] = [
      ['number', 'twelve'],
      ['checkbox', 'yes'],
      ['title', 'text'],
      ['title', [{}]],
      ['select', 'Done'],
      ['multi_select', [{ name: 1 }]],
      ['people', ['Ada']],
      ['created_time', 'yesterday'],
      ['unique_id', 12],
      ['date', '2026-01-01'],
    ];
    for (const [type, payload] of misfits) {
      const { value, errors } = convertOne(type, payload);
      expect(value).toBeNull();
      expect(errors).toEqual({ 'p:id': expect.any(String) });
    }
  });

  it('converts a property whose type changed when the value fits, and tells when not', () => {
    const convert = createConverter([columnOf('select')]);
    const nowText = { id: 'p:id', type: 'rich_text', rich_text: [textItem('a')] };
    const nowNumber = { id: 'p:id', type: 'number', number: 1 };
    expect(convert(pageOf({ P: nowText })).values).toEqual(['a']);
    expect(convert(pageOf({ P: nowNumber }))).toMatchObject({
      values: [null],
      errors: { 'p:id': 'not a text, as the column needs' },
    });
  });

  it('keeps U+0000 and lone surrogates in its raw form', () => {
    const page = pageOf({ P: { id: 'x', type: 'url', url: 'a\0\ud83d' } });
    expect(JSON.parse(rawText(createConverter([])(page).raw))).toEqual(page);
  });

  it('is an invalid answer only without an id', () => {
    const convert = createConverter([columnOf('number')]);
    expect(() => convert({ object: 'page' })).toThrow(
      expect.objectContaining({ type: 'InvalidAnswer' }),
    );
    const odd = { id: 'x', properties: { P: null, Q: 'text', R: { id: 'p:id' } } };
    expect(convert(odd)).toMatchObject({ values: [null], created_at: null, edited_at: null });
  });

  it('has the same hash listed and retrieved: only a listing names the database beside the data source', () => {
    const parent = { type: 'data_source_id', data_source_id: 'd1' };
    const page = { object: 'page', id: 'p1', properties: {} };
    const convert = createConverter([]);
    const listed = convert({ ...page, parent: { ...parent, database_id: 'b1' } });
    expect(convert({ ...page, parent, request_id: 'r1' }).hash).toBe(listed.hash);
    const elsewhere = { ...parent, data_source_id: 'd2' };
    expect(convert({ ...page, parent: elsewhere }).hash).not.toBe(listed.hash);
  });

  it('has the same hash however its files are signed and its keys ordered', () => {
    const convert = createConverter([]);
    const page = (signature: string, text: string, request: string) =>
      pageOf(
        { Files: { id: 'f', type: 'files', files: [hostedFile(signature)], text } },
        { icon: { ...hostedFile(signature) }, request_id: request },
      );
    const { hash } = convert(page('1', 'same', 'r1'));
    const { properties, ...rest } = page('2', 'same', 'r2');
    expect(convert({ properties, ...rest }).hash).toBe(hash);
    expect(convert(page('1', 'other', 'r1')).hash).not.toBe(hash);
  });
});
