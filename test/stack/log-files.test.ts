import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { lastError } from '../../src/stack/log-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'appsync-logs-'));
const log = join(directory, 'worker.log');
afterAll(() => rmSync(directory, { recursive: true }));

describe('why a worker ended', () => {
  it('is what it said last, in one line, without what it logged before', () => {
    const lines = [
      { level: 40, msg: 'Activity failed', error: { type: 'Unavailable' } },
      { level: 60, msg: 'worker ended: Postgres does not answer', reason: 'starting up' },
      { level: 30, msg: 'bye' },
    ];
    writeFileSync(log, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    expect(lastError(log)).toBe('worker ended: Postgres does not answer: starting up');
  });

  it('is in its last lines when it did not say', () => {
    writeFileSync(log, 'SyntaxError: Unexpected token\n    at worker.js:1\n');
    expect(lastError(log)).toBe('SyntaxError: Unexpected token\n    at worker.js:1');
    expect(lastError(join(directory, 'none.log'))).toBe('');
  });
});
