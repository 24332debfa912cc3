import { describe, expect, it } from '@jest/globals';
import { airtable } from '../../../src/platforms/airtable/airtable.ts';
import { modifiedSince } from '../../../src/platforms/airtable/formula.ts';
import { baseRule, tokenRule } from '../../../src/platforms/airtable/rate-rules.ts';
import { listRequest } from '../../../src/platforms/airtable/scan.ts';

const ref = { base: 'appLkNDICXNqxSDhG', table: 'tbltp8DGLhqbUmjK1' };

describe('a reference to an Airtable table', () => {
  it('names a base and a table, and a view when only its records are wanted', () => {
    const view = { ...ref, view: 'viwQpsuEDqHFqegkp' };
    expect(airtable.parseRef(ref)).toEqual(ref);
    expect(airtable.parseRef(view)).toEqual(view);
    expect(airtable.externalId(view)).toBe('appLkNDICXNqxSDhG/tbltp8DGLhqbUmjK1');
  });

  it('that is wrong is refused with the key that is', () => {
    expect(() => airtable.parseRef({ ...ref, base: 'tblX' })).toThrow(
      'ref.base should be an id like app…',
    );
    expect(() => airtable.parseRef({ base: ref.base })).toThrow(
      'ref.table should be an id like tbl…',
    );
    expect(() => airtable.parseRef({ ...ref, view: 'Grid' })).toThrow('ref.view');
    expect(() => airtable.parseRef({ ...ref, data_source: 'x' })).toThrow(
      'ref.data_source is unknown',
    );
    expect(() => airtable.parseRef({ ...ref, table: 'tblX/../..' })).toThrow('ref.table');
    for (const wrong of [null, 'appX/tblX', ['appX']])
      expect(() => airtable.parseRef(wrong)).toThrow('ref should be');
  });
});

describe('the budget of an Airtable account', () => {
  it('counts requests per base and second', () => {
    expect(baseRule('f1', 'appX', 5)).toEqual({
      key: 'airtable:f1:appX',
      rate: 5,
      window_ms: 1000,
      limit: 5,
      burst: 1,
    });
  });

  it('rounds down, and stretches the second for less than one request in it', () => {
    expect(baseRule('f1', 'appX', 2.5)).toMatchObject({ limit: 2, burst: 1, window_ms: 1000 });
    expect(baseRule('f1', 'appX', 0.2)).toMatchObject({ limit: 1, burst: 1, window_ms: 5000 });
  });

  it('counts requests per token, fifty a second unless more are asked for', () => {
    expect(tokenRule('f1', 5)).toMatchObject({ key: 'airtable:f1', rate: 50, limit: 50 });
    expect(tokenRule('f1', 100_000)).toMatchObject({ rate: 100_000, limit: 100_000 });
  });
});

describe('a listing', () => {
  const full = { ref, mode: 'full', since: null } as const;
  const changes = { ref, mode: 'incremental', since: '2026-11-01T00:00:00Z' } as const;

  it('asks for fields by id, in pages, from an offset on', () => {
    const { base, path, query, body } = listRequest(
      full,
      'https://api.example.com',
      50,
      'itr1/rec1',
    );
    expect({ base, path, query, body }).toEqual({
      base: ref.base,
      path: `/${ref.table}`,
      query: { pageSize: 50, returnFieldsByFieldId: true, offset: 'itr1/rec1' },
    });
  });

  it('asks for records modified, or made and never modified, since a time', () => {
    const { query } = listRequest(changes, 'https://api.example.com', 100, null);
    expect(query?.['filterByFormula']).toBe(modifiedSince('2026-11-01T00:00:00.000Z'));
    expect(modifiedSince('2026-11-01T01:00:00+01:00')).toBe(
      'OR(NOT(IS_BEFORE(LAST_MODIFIED_TIME(), DATETIME_PARSE("2026-11-01T00:00:00.000Z"))), ' +
        'AND(NOT(LAST_MODIFIED_TIME()), NOT(IS_BEFORE(CREATED_TIME(), DATETIME_PARSE("2026-11-01T00:00:00.000Z")))))',
    );
  });

  it('is asked for by POST when its address would be too long', () => {
    const offset = 'x'.repeat(16_000);
    const { path, query, body } = listRequest(changes, 'https://api.example.com', 100, offset);
    expect(path).toBe(`/${ref.table}/listRecords`);
    expect(query).toBeUndefined();
    expect(body).toMatchObject({ pageSize: 100, returnFieldsByFieldId: true, offset });
  });
});
