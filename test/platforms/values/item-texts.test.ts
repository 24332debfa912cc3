import { describe, expect, it } from '@jest/globals';
import { itemTexts } from '../../../src/platforms/values/item-texts.ts';

const AS = {
  list: '"results":[',
  head: '{"object":"page","id":"',
  keys: ['object', 'id'],
} as const;

/** An answer with these items, and what is cut out of it. */
function cut(items: readonly string[], text = answer(items)) {
  const parsed = JSON.parse(text) as { readonly results: readonly unknown[] };
  return itemTexts(Buffer.from(text), AS, parsed.results).map(String);
}

const answer = (items: readonly string[]) =>
  `{"object":"list","results":[${items.join(',')}],"next_cursor":null,"has_more":false}`;
const page = (id: string, rest = '') => `{"object":"page","id":"${id}"${rest}}`;

describe("the text of a list's items as it came", () => {
  it('is that of each but the last, whatever stands in it', () => {
    const items = [
      page('a', ',"n":12345678901234567890.10,"t":"},{\\"object\\":\\"page\\",\\"id\\":\\"b"'),
      page('b', ',"deep":[{"x":[{}]}],"t":"ü ✷ 🧭"'),
      page('c'),
      page('d'),
    ];
    expect(cut(items)).toEqual(items.slice(0, -1));
  });

  it('is not told of an empty list', () => {
    expect(cut([])).toEqual([]);
  });

  it.each([
    ['an item of another kind', [page('a'), '{"object":"data_source","id":"b"}', page('c')]],
    ['an item with its keys in another order', [page('a'), '{"id":"b","object":"page"}']],
    ['a head within an item', [page('a', `,"inner":${page('x')}`), page('b')]],
    [
      'a head within an item in place of its own',
      [page('a'), `{"id":"b","inner":[{},${page('b')}]}`, page('c')],
    ],
    ['an id with an escape in it', [page('\\u0061'), page('b')]],
  ])('is not told where there is %s', (_, items) => {
    expect(cut(items)).toEqual([]);
  });

  it('is not told of an answer that is written with spaces', () => {
    const items = [page('a'), page('b')];
    expect(cut(items, JSON.stringify(JSON.parse(answer(items)), null, 2))).toEqual([]);
  });

  it('is not told of bytes that are no UTF-8, which Postgres would refuse', () => {
    const bytes = Buffer.from(answer([page('a', ',"t":"\xff"'), page('b')]), 'latin1');
    const { results } = JSON.parse(bytes.toString()) as { readonly results: readonly unknown[] };
    expect(itemTexts(bytes, AS, results)).toEqual([]);
  });
});
