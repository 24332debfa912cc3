import { describe, expect, it } from '@jest/globals';
import { recordHash } from '../../../src/platforms/values/record-hash.ts';

describe('a record hash', () => {
  it('does not depend on the order of keys, and does on the order of lists', () => {
    expect(recordHash({ a: 1, b: { c: 2, d: 3 } })).toBe(recordHash({ b: { d: 3, c: 2 }, a: 1 }));
    expect(recordHash([1, 2])).not.toBe(recordHash([2, 1]));
  });

  it('stays what it was, for stored hashes are compared with it', () => {
    const record = { b: [1, 'x', null, { z: 'é', a: true }], a: {}, c: 1e21 };
    expect(recordHash(record)).toBe('JNVrxHWd+6zkxtSA5QVVbeXm2X8=');
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`k${(i * 7) % 40}`, i] as const),
    );
    expect(recordHash(many)).toBe('twLdjnICZgzg1Yt6B5+aCmxUEss=');
    const awkward = {
      t: '\u0000 ü \u{1F600} \ud83d x',
      ключ: [['é'.repeat(300)], `${'a'.repeat(70_000)}ß`],
    };
    expect(recordHash(awkward)).toBe('Etykd5DovqHtZ583orAVwLJ4FlQ=');
  });

  it('tells apart what looks alike', () => {
    const alike = [
      1,
      '1',
      '1;',
      true,
      'true',
      null,
      'null',
      [],
      {},
      [[]],
      [null],
      ['', ''],
      [''],
      { a: '' },
      { a: null },
      { '1:a': 'b' },
      { a: { b: 1 } },
      { a: {}, b: 1 },
    ];
    expect(new Set(alike.map((value) => recordHash(value))).size).toBe(alike.length);
  });

  it('leaves out what the caller takes out of any object', () => {
    const hash = (token: string) =>
      recordHash({ list: [{ url: 'u', token }] }, (object) =>
        'token' in object ? { url: object['url'] } : object,
      );
    expect(hash('first')).toBe(hash('second'));
  });
});
