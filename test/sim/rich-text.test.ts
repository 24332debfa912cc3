import { describe, expect, it } from '@jest/globals';
import { richText } from '../../src/sim/notion/rich-text.ts';

describe('a long text', () => {
  it.each([0, 1])(
    'comes in items of at most 2,000 characters, none of them cut in two (%s)',
    (shift) => {
      const text = 'x'.repeat(shift) + '🙂'.repeat(2_500);
      const items = richText(text).map(({ plain_text }) => plain_text);
      expect(items.join('')).toBe(text);
      expect(items.map((item) => item.length)).toEqual(
        shift === 0 ? [2000, 2000, 1000] : [1999, 2000, 1002],
      );
      for (const item of items) expect(item).not.toMatch(/\p{Surrogate}/u);
    },
  );
});
