import { describe, expect, it } from '@jest/globals';
import { externalId, fileRef, parseRef } from '../../../src/platforms/files/source-ref.ts';

describe('a reference to files', () => {
  it.each([
    [{ path: 'data/a.csv' }, { path: '/catalog/data/a.csv', format: 'csv' }],
    [{ path: '/x/../a.ndjson.gz' }, { path: '/a.ndjson.gz', format: 'jsonl' }],
    [{ path: 'm-*.tsv' }, { path: '/catalog/m-*.tsv', format: 'tsv' }],
    [
      { path: 'a', format: 'json' },
      { path: '/catalog/a', format: 'json' },
    ],
    [
      { url: 'https://Example.org/a.csv?x=1#y', key: ' id ' },
      { url: 'https://example.org/a.csv?x=1', format: 'csv', key: 'id' },
    ],
    [
      { path: '/a.csv', key: 'a, b' },
      { path: '/a.csv', format: 'csv', key: '["a","b"]' },
    ],
    [
      { path: '/a.csv', key: ['a,b'] },
      { path: '/a.csv', format: 'csv', key: '["a,b"]' },
    ],
    [
      { path: '/a.csv', delimiter: ';', quote: 'none', encoding: 'latin1', types: { b: 'text' } },
      {
        path: '/a.csv',
        format: 'csv',
        delimiter: ';',
        quote: 'none',
        encoding: 'windows-1252',
        types: '{"b":"text"}',
      },
    ],
  ])('%j has one form, which is its own form again', (given, form) => {
    const once = parseRef(given, '/catalog');
    expect(once).toEqual(form);
    expect(parseRef(once)).toEqual(form);
  });

  it.each([
    ['a.csv', /^ref should be/],
    [{ path: 'a.csv', sheet: '1' }, /^ref\.sheet is unknown/],
    [{ path: '' }, /^ref\.path should be a path/],
    [{ path: 'a.csv', url: 'https://x.example/a.csv' }, /^ref\.path cannot stand beside/],
    [{ path: '2024-*/a.csv' }, /^ref\.path may have \* and \? in its last part only/],
    [{ path: 'a.txt' }, /^ref\.format is missing/],
    [{ path: 'a.csv', format: 'xls' }, /^ref\.format should be one of csv/],
    [{ path: 'a.json', delimiter: ';' }, /^ref\.delimiter means nothing in json/],
    [{ path: 'a.csv', delimiter: ';;' }, /^ref\.delimiter should be one/],
    [{ path: 'a.csv', encoding: 'klingon' }, /^ref\.encoding should be one/],
    [{ path: 'a.csv', key: [] }, /^ref\.key should be/],
    [{ path: 'a.csv', types: { b: 'int' } }, /^ref\.types should give b one of text/],
    [{ url: 'http://files.example/a.csv' }, /^ref\.url should begin with https/],
    [{ url: 'https://me:secret@files.example/a.csv' }, /^ref\.url must not hold a password/],
  ])('%j is refused by its wrong key', (given, message) => {
    expect(() => parseRef(given, '/catalog')).toThrow(message);
  });

  it('has a digest of a query in its id, where a signature may stand', () => {
    const id = (url: string) => externalId(parseRef({ url }));
    expect(id('https://files.example/a.csv')).toBe('https://files.example/a.csv');
    expect(id('https://files.example/a.csv?sig=secret')).toMatch(/\/a\.csv\?[0-9a-f]{8}$/);
    expect(id('https://files.example/a.csv?v=1')).not.toBe(id('https://files.example/a.csv?v=2'));
  });

  it('keeps several columns of a key apart', () => {
    expect(fileRef(parseRef({ path: '/a.csv', key: ['a,b', 'c'] })).key).toEqual(['a,b', 'c']);
  });
});
