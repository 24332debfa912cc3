import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { copyChunks, copyText, type CopyLine } from '../../src/store/copy-chunks.ts';

const joined = (lines: readonly CopyLine[]) => Buffer.concat([...copyChunks(lines)]).toString();

describe("lines of COPY's text format", () => {
  it('say the same of bytes as of their text', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'ü', '🧭', '\\', '\n', '\r', '\t', '"') });
    fc.assert(
      fc.property(fc.array(texts), (values) => {
        const bytes = values.map((text) => ({ fields: 'x\t', last: Buffer.from(text) }));
        const expected = values.map((text) => `x\t${copyText(text)}\n`).join('');
        expect(joined(bytes)).toBe(expected);
        expect(joined(values.map((text) => ({ fields: 'x\t', last: text })))).toBe(expected);
      }),
    );
  });

  it('tell no value from an empty one', () => {
    expect(joined([null, '', Buffer.alloc(0)].map((last) => ({ fields: '1\t', last })))).toBe(
      '1\t\\N\n1\t\n1\t\n',
    );
  });

  it('come in chunks of about 64 KiB, longer ones whole', () => {
    const long = '✷'.repeat(100_000);
    const lines = [...Array.from({ length: 2_000 }, () => 'y'.repeat(100)), long, 'z'];
    const chunks = [...copyChunks(lines.map((last) => ({ fields: 'ü\t', last })))];
    expect(chunks.filter(({ length }) => length > 65_536)).toHaveLength(1);
    expect(Buffer.concat(chunks).toString()).toBe(lines.map((line) => `ü\t${line}\n`).join(''));
  });

  it('end with none where there are none', () => {
    expect([...copyChunks([])]).toEqual([]);
  });
});
