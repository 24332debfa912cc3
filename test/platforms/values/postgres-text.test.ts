import { describe, expect, it } from '@jest/globals';
import {
  cleanText,
  jsonText,
  numberText,
  textArray,
} from '../../../src/platforms/values/postgres-text.ts';

/** Reads an array literal as Postgres does, for literals that quote every item. */
function readArray(literal: string): (string | null)[] {
  const items: (string | null)[] = [];
  for (const [, quoted] of literal.slice(1, -1).matchAll(/(?:^|,)(?:NULL|"((?:[^"\\]|\\.)*)")/gs)) {
    items.push(quoted === undefined ? null : quoted.replace(/\\(.)/gs, '$1'));
  }
  return items;
}

describe('text for Postgres', () => {
  it('replaces U+0000 and lone surrogates, and leaves pairs alone', () => {
    expect(cleanText('a\0b \ud83d c \udc00 👨‍👩‍👧 \r\n')).toBe('a\uFFFDb \uFFFD c \uFFFD 👨‍👩‍👧 \r\n');
  });

  it('replaces the same in jsonb, in keys and values, and only there', () => {
    const text = jsonText({ 'k\0': ['\ud83d', 'literally \\u0000 and \\ud83d', '👍', '\u0001'] });
    expect(JSON.parse(text)).toEqual({
      'k\uFFFD': ['\uFFFD', 'literally \\u0000 and \\ud83d', '👍', '\u0001'],
    });
  });

  it('replaces after any number of backslashes', () => {
    for (const backslashes of ['', '\\', '\\\\', '\\\\\\']) {
      const written = jsonText(`${backslashes}\0`);
      expect(JSON.parse(written)).toBe(`${backslashes}\uFFFD`);
    }
  });

  it('writes numbers as the shortest decimal that reads back the same', () => {
    for (const value of [0.1 + 0.2, 0.29999999999999877, 1e21, 1e-7, 123123871234.33, -1]) {
      expect(Number(numberText(value))).toBe(value);
    }
    expect(numberText(0.1)).toBe('0.1');
    expect(numberText(-0)).toBe('0');
    expect(numberText(Infinity)).toBeNull();
    expect(numberText(NaN)).toBeNull();
  });

  it('quotes every array item, so that NULL, empty and curly texts stay texts', () => {
    expect(textArray([])).toBe('{}');
    expect(textArray(['', null, 'NULL', 'null'])).toBe('{"",NULL,"NULL","null"}');
    expect(textArray(['a,b', '{c}', ' d '])).toBe('{"a,b","{c}"," d "}');
  });

  it('writes arrays that read back whatever characters they hold', () => {
    const alphabet = ['"', '\\', ',', '{', '}', ' ', 'a', '\n', 'é', '👍', 'NULL'];
    for (let seed = 0; seed < 500; seed += 1) {
      const items = Array.from({ length: seed % 5 }, (_, item) =>
        Array.from(
          { length: (seed * 7 + item * 3) % 6 },
          (_unused, place) => alphabet[(seed * 31 + item * 17 + place * 13) % alphabet.length],
        ).join(''),
      );
      expect(readArray(textArray(items))).toEqual(items);
    }
  });
});
