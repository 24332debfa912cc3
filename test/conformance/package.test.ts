import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createReapedDirectory, type ReapedDirectory } from '../support/reaped-directory.ts';

const TSC = resolve('node_modules/typescript/bin/tsc');
const execute = promisify(execFile);

/** A platform that reads nothing, and the tests that its author has. */
const FILES = {
  'package.json': '{ "type": "module", "private": true }',
  'still.js': `
    export default (kit) => ({
      interface_version: 1, name: 'still', title: 'Still', environment: { token: [] }, plans: {},
      overlap_ms: 0, located_at_once: 0, knownTypes: new Set(), externalId: () => 'still',
      parseRef: () => ({ still: 'yes' }), createConverter: () => () => ({}),
      connect: () => ({ identify: async () => ({ name: kit.recordHash({}), workspace: null }) }),
      conformance: async () => ({ token: '', ref: {} }),
    });`,
  'still.test.js': `
    import test from 'node:test';
    import { conformanceChecks } from 'appsync/conformance';
    import { KIT } from 'appsync/platform';
    import plugin from './still.js';
    for (const { name, run } of conformanceChecks(plugin(KIT))) {
      test(name, async (t) => {
        const outcome = await run();
        if (outcome.state === 'skipped') t.skip(outcome.reason);
      });
    }`,
  'typed.ts': `
    import { conformanceChecks, type ConformanceOutcome } from 'appsync/conformance';
    import { KIT, type ConformanceStage, type Plugin } from 'appsync/platform';
    declare const plugin: Plugin;
    const stage: ConformanceStage = { token: '' };
    for (const { run } of conformanceChecks(plugin(KIT), async () => stage)) {
      const outcome: ConformanceOutcome = await run();
      // @ts-expect-error: types are there, and no any.
      const wrong: number = outcome.state;
    }`,
  'tsconfig.json': `{
    "compilerOptions": { "module": "nodenext", "target": "es2023", "strict": true, "noEmit": true, "types": [] },
    "files": ["typed.ts"]
  }`,
};

let folder: ReapedDirectory;

beforeAll(async () => {
  folder = await createReapedDirectory();
  mkdirSync(join(folder.path, 'node_modules'));
  symlinkSync(resolve('.'), join(folder.path, 'node_modules', 'appsync'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder.path, name), text);
});
afterAll(() => folder.end());

describe('what the package exports (of the build)', () => {
  test('appsync/conformance: a test per check, in whatever runner', async () => {
    const args = ['--test', '--test-reporter=tap', 'still.test.js'];
    const options = { cwd: folder.path, env: { PATH: process.env['PATH'] } };
    const failed = (await execute(process.execPath, args, options).catch(
      (error: unknown) => error,
    )) as { readonly stdout: string };
    expect(failed.stdout).toMatch(/^ *ok \d+ - identify says who the credentials are$/m);
    expect(failed.stdout).toMatch(/^ *ok \d+ - .* # SKIP the stage does not count requests\(\)$/m);
    expect(failed.stdout).toMatch(/^ *not ok \d+ - parseRef gives one form and refuses anything/m);
  });

  test('appsync/platform: the types that a plug-in is written against', async () => {
    await expect(execute(process.execPath, [TSC, '-p', folder.path])).resolves.toEqual({
      stdout: '',
      stderr: '',
    });
  });
});
