import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { utf8Text } from '../../../src/platforms/values/utf8-text.ts';

describe('the text of bytes', () => {
  it('is what a TextDecoder makes of them, whatever they are', () => {
    const texts = fc.string({ unit: 'binary' }).map((text) => Buffer.from(text));
    const bytes = fc.uint8Array({ maxLength: 40 }).map((some) => Buffer.from(some));
    fc.assert(
      fc.property(fc.oneof(texts, bytes), (some) => {
        expect(utf8Text(some)).toBe(new TextDecoder().decode(some));
      }),
    );
  });

  it('has no byte order mark', () => {
    expect(utf8Text(Buffer.from('\uFEFF{}'))).toBe('{}');
  });
});
