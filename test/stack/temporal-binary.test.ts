import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  cachedBinary,
  findTemporalBinary,
  type BinarySearch,
} from '../../src/stack/temporal-binary.ts';

let root: string;
let explained: string[];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'appsync-binary-'));
});
afterAll(() => rm(root, { recursive: true }));
beforeEach(() => {
  explained = [];
});

const says = (version: string) =>
  `#!/bin/sh\necho "temporal version ${version} (Server 1.32.0, UI 2.54.1)"\n`;

async function program(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

/** A search in a corner of its own, whose download is refused. */
function search(name: string, changes: Partial<BinarySearch> = {}): BinarySearch {
  return {
    env: { PATH: join(root, name, 'bin'), XDG_CACHE_HOME: join(root, name, 'cache') },
    explain: (line) => explained.push(line),
    download: () => {
      throw new Error('no network');
    },
    ...changes,
  };
}

test('the binary that TEMPORAL_CLI_PATH names comes first', async () => {
  const { env } = search('named');
  await program(join(root, 'named/bin/temporal'), says('1.5.0'));
  const path = await program(join(root, 'named/mine'), says('1.7.0'));
  expect(findTemporalBinary(search('named', { temporalCliPath: path, env }))).toEqual({
    path,
    version: '1.7.0',
    origin: 'TEMPORAL_CLI_PATH',
  });
});

test('a TEMPORAL_CLI_PATH that is of no use is an error, not a reason to look elsewhere', async () => {
  await program(join(root, 'wrong/bin/temporal'), says('1.9.1'));
  expect(() => findTemporalBinary(search('wrong', { temporalCliPath: '/nowhere' }))).toThrow(
    /^TEMPORAL_CLI_PATH is of no use: \/nowhere does not run/,
  );
});

test('then the one on PATH, unless it is too old or broken', async () => {
  const path = await program(join(root, 'path/bin/temporal'), says('1.4.0'));
  expect(findTemporalBinary(search('path'))).toMatchObject({ path, origin: 'PATH' });
  await program(path, says('1.3.9'));
  expect(() => findTemporalBinary(search('path'))).toThrow('found no Temporal server');
  expect(explained).toContain(`PATH: ${path} is 1.3.9, older than 1.4`);
  await program(path, '#!/bin/sh\nexit 1\n');
  expect(() => findTemporalBinary(search('path'))).toThrow('found no Temporal server');
  expect(explained).toContain(`PATH: ${path} does not say its version`);
});

test('then the copy that was downloaded earlier', async () => {
  const found = search('cached');
  const path = await program(cachedBinary(found.env), says('1.9.1'));
  expect(findTemporalBinary(found)).toMatchObject({ path, origin: 'cache' });
  expect(explained).toEqual(['PATH: no temporal in it']);
});

test('then a download, which is kept for the next time', () => {
  const download = (target: string) => {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, says('1.9.1'), { mode: 0o755 });
  };
  const found = search('fetched', { download });
  expect(findTemporalBinary(found)).toMatchObject({ origin: 'download', version: '1.9.1' });
  expect(findTemporalBinary(search('fetched'))).toMatchObject({ origin: 'cache' });
});

test('at last an error that lists what was tried and what to do', () => {
  expect(() => findTemporalBinary(search('nothing'))).toThrow(
    expect.objectContaining({
      exitCode: 5,
      reason: expect.stringMatching(
        /^PATH: no temporal in it; cache: no .*; download .*: no network$/,
      ),
      hint: expect.stringContaining('TEMPORAL_CLI_PATH'),
    }),
  );
});

test('without python3, which fetches the download, the error says so', () => {
  const { env, explain } = search('no-python');
  expect(() => findTemporalBinary({ env, explain })).toThrow(
    expect.objectContaining({
      reason: expect.stringContaining('python3 is not installed'),
      hint: expect.stringContaining('install python3'),
    }),
  );
});
