import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');
const CASES = 40;

interface DocumentedCase {
  readonly number: number;
  readonly tests: readonly { readonly file: string; readonly name: string }[];
}

/** The rows of the table: number · case · simulator · tests · Postgres. A test is `file`: “name”. */
function documentedCases(): readonly DocumentedCase[] {
  const lines = readFileSync(join(ROOT, 'docs/nasty-cases.md'), 'utf8').split('\n');
  return lines
    .filter((line) => /^\| *\d+ *\|/.test(line))
    .map((line) => {
      const [, number = '', , , tests = ''] = line.split(/(?<!\\)\|/);
      const found = tests.matchAll(/`([^`]+\.test\.ts)`((?:[^“`]*“[^”]+”)+)/g);
      return {
        number: Number(number),
        tests: [...found].flatMap(([, file = '', names = '']) =>
          [...names.matchAll(/“([^”]+)”/g)].map(([, name = '']) => ({ file, name })),
        ),
      };
    });
}

describe('docs/nasty-cases.md', () => {
  it('has a row with a test for each of the forty cases, in order', () => {
    const cases = documentedCases();
    expect(cases.map(({ number }) => number)).toEqual(
      Array.from({ length: CASES }, (_, i) => i + 1),
    );
    expect(cases.filter(({ tests }) => tests.length === 0)).toEqual([]);
  });

  it('names tests that exist, by their exact names', () => {
    const missing = documentedCases().flatMap(({ number, tests }) =>
      tests
        .filter(({ file, name }) => {
          const source = readFileSync(join(ROOT, file), 'utf8');
          return ![`'${name}'`, `"${name}"`].some((quoted) => source.includes(quoted));
        })
        .map(({ file, name }) => `${number}: ${file}: ${name}`),
    );
    expect(missing).toEqual([]);
  });
});
