import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ChaosResult } from '../../src/dev/chaos.ts';
import { createReapedDirectory, type ReapedDirectory } from '../support/reaped-directory.ts';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

let directory: ReapedDirectory;

beforeAll(async () => {
  directory = await createReapedDirectory();
});
afterAll(() => directory.end());

/** One round in a process of its own, as a person starts it. */
function chaos(...args: readonly string[]): Promise<{ exitCode: number; stdout: string }> {
  const { PATH, HOME, TEMPORAL_CLI_PATH } = process.env;
  const env = { PATH, HOME, TEMPORAL_CLI_PATH, TMPDIR: directory.path };
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, 'dev', 'chaos', ...args], { env }, (error, stdout) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout }),
    );
  });
}

describe('a round of chaos', () => {
  it('loses, doubles and buries nothing, whatever was killed and broken', async () => {
    const args = ['--minutes', '0.4', '--seed', '7', '--records', '4000', '--json'];
    const { exitCode, stdout } = await chaos(...args);
    const result = JSON.parse(stdout) as ChaosResult;
    expect(result.violations).toEqual([]);
    expect(exitCode).toBe(0);
    expect(result.checked.records).toBeGreaterThan(3_900);
    expect(result.runs.started).toBeGreaterThan(0);
    expect(result.edits).toBeGreaterThan(0);
    const kills = [
      'worker killed',
      'Postgres killed',
      'Temporal killed',
      'command killed',
    ] as const;
    for (const kill of kills) expect(result.blows[kill]).toBeGreaterThan(0);
    expect(await readdir(directory.path)).toEqual([]);
  });
});
