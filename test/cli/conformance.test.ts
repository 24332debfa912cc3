import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { run } from './fake-io.ts';

const LEDGER = JSON.stringify(resolve('test/conformance/ledger.ts'));

/** Plug-ins in files of their own, as the catalog file names them. */
const PLUGINS: Readonly<Record<string, string>> = {
  ledger: `export { createLedger as default } from ${LEDGER};`,
  // Neither its stage nor what it says of fields is all there.
  doubtful: `
    import { createLedger } from ${LEDGER};
    export default (kit) => {
      const ledger = createLedger(kit);
      return {
        ...ledger,
        name: 'doubtful',
        conformance: async () => ({ ...(await ledger.conformance()), empty: undefined }),
        connect: (connection, requests) => ({
          ...ledger.connect(connection, requests),
          identify: async () => ({ name: '', workspace: null }),
          describe: async () => JSON.parse('{'),
        }),
      };
    };`,
  unstaged: `
    import { createLedger } from ${LEDGER};
    export default (kit) => ({ ...createLedger(kit), name: 'unstaged', conformance: undefined });`,
  absent: '',
};

let cwd: string;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'appsync-conformance-'));
  for (const [name, text] of Object.entries(PLUGINS)) {
    if (text !== '') writeFileSync(join(cwd, `${name}.mjs`), text);
  }
  const named = Object.keys(PLUGINS).map((name) => `  ${name}: ./${name}.mjs\n`);
  writeFileSync(join(cwd, 'appsync.yaml'), `plugins:\n${named.join('')}`);
});
afterAll(() => rmSync(cwd, { recursive: true }));

const conformance = (args: string) => run(`dev conformance ${args}`, { cwd });

describe('appsync dev conformance', () => {
  test('makes every check of a plug-in of the catalog file, one line each', async () => {
    const { exitCode, stdout, stderr } = await conformance('ledger');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    const checks = lines.slice(0, -1);
    expect(checks).toContain('ok       a full scan goes on from every position');
    expect(checks.filter((line) => !line.startsWith('ok '))).toEqual([]);
    expect(lines.at(-1)).toBe(`${checks.length} ok, 0 failed, 0 skipped`);
  });

  test('says of each broken promise what was expected and seen, and why a check is skipped', async () => {
    const { exitCode, stdout } = await conformance('doubtful');
    expect(exitCode).toBe(1);
    expect(stdout).toContain(
      'FAILED   identify says who the credentials are: expected identify to give a name; seen: ""\n',
    );
    expect(stdout).toMatch(
      /^FAILED {3}two full scans give the same records: expected no failure; seen: SyntaxError/m,
    );
    expect(stdout).toContain(
      'skipped  a source without records is read to its end: the stage has no empty() source\n',
    );
    expect(stdout).toMatch(/\n\d+ ok, \d+ failed, 1 skipped\n$/);
  });

  test('--json: one document with every check', async () => {
    const { exitCode, stdout } = await conformance('doubtful --json');
    expect(exitCode).toBe(1);
    const document = JSON.parse(stdout) as { readonly failed: number; readonly checks: object[] };
    expect(document).toMatchObject({ platform: 'doubtful', skipped: 1 });
    expect(document.failed).toBeGreaterThan(1);
    expect(document.checks[0]).toEqual({
      name: 'identify says who the credentials are',
      state: 'failed',
      reason: 'expected identify to give a name; seen: ""',
    });
  });

  test('does not take a platform for another', async () => {
    expect(await conformance('legder')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'error: unknown platform "legder"\nhint: did you mean ledger?\n',
    });
  });

  test('tells a plug-in without a stage, and one that cannot be loaded, from a broken one', async () => {
    const unstaged = await conformance('unstaged');
    expect(unstaged).toMatchObject({ exitCode: 4, stdout: '' });
    expect(unstaged.stderr).toContain('error: Ledger brings nothing that could stand in for it');
    const absent = await conformance('absent');
    expect(absent).toMatchObject({ exitCode: 4, stdout: '' });
    expect(absent.stderr).toContain('error: the plug-in absent (./absent.mjs) cannot be loaded');
  });
});
