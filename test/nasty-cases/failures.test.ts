import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');

interface DocumentedFault {
  readonly fault: string;
  readonly cells: number;
  readonly tests: readonly { readonly file: string; readonly name: string }[];
}

/** The rows of all tables: fault · who tries again · what a person sees · data · tests. A test is `file` “name”. */
function documentedFaults(): readonly DocumentedFault[] {
  const lines = readFileSync(join(ROOT, 'docs/failures.md'), 'utf8').split('\n');
  return lines
    .filter((line) => line.startsWith('| ') && !line.startsWith('| fault '))
    .map((line) => {
      const cells = line.split('|').slice(1, -1);
      const found = (cells.at(-1) ?? '').matchAll(/`([^`]+\.test\.ts)`((?:[^“`]*“[^”]+”)+)/g);
      return {
        fault: (cells[0] ?? '').trim(),
        cells: cells.filter((cell) => cell.trim() !== '').length,
        tests: [...found].flatMap(([, file = '', names = '']) =>
          [...names.matchAll(/“([^”]+)”/g)].map(([, name = '']) => ({ file, name })),
        ),
      };
    });
}

describe('docs/failures.md', () => {
  it('says of each fault who tries again, what is seen, what the data is, and which test shows it', () => {
    const faults = documentedFaults();
    expect(faults.length).toBeGreaterThan(35);
    expect(faults.filter(({ cells, tests }) => cells !== 5 || tests.length === 0)).toEqual([]);
  });

  it('names tests that exist, by their exact names', () => {
    const missing = documentedFaults().flatMap(({ fault, tests }) =>
      tests
        .filter(({ file, name }) => {
          const source = readFileSync(join(ROOT, file), 'utf8');
          return ![`'${name}'`, `"${name}"`].some((quoted) => source.includes(quoted));
        })
        .map(({ file, name }) => `${fault}: ${file}: ${name}`),
    );
    expect(missing).toEqual([]);
  });
});
