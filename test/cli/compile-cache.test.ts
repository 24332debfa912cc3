import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { keepCompiled } from '../../src/cli/compile-cache.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), 'appsync-compiled-')));
});

afterEach(() => rm(cwd, { recursive: true, force: true }));

/** What a Node of 22.1 or newer was asked to keep, and where. */
function newNode() {
  const folders: string[] = [];
  return { folders, enableCompileCache: (folder: string) => void folders.push(folder) };
}

describe('what Node compiles', () => {
  it('is kept in the home of the local stack', async () => {
    await mkdir(join(cwd, '.appsync'));
    await mkdir(join(cwd, 'other'));
    const node = newNode();
    keepCompiled({ env: {}, cwd }, node);
    keepCompiled({ env: { APPSYNC_HOME: 'other' }, cwd }, node);
    keepCompiled({ env: { APPSYNC_HOME: '' }, cwd }, node);
    expect(node.folders).toEqual([
      join(cwd, '.appsync', 'compiled'),
      join(cwd, 'other', 'compiled'),
      join(cwd, '.appsync', 'compiled'),
    ]);
  });

  it('makes no home that is not there, as its absence says that nothing is set up', () => {
    const node = newNode();
    keepCompiled({ env: {}, cwd }, node);
    expect(node.folders).toEqual([]);
    expect(existsSync(join(cwd, '.appsync'))).toBe(false);
  });

  it('fails no command, neither where it cannot be kept nor on a Node that keeps nothing', async () => {
    await mkdir(join(cwd, '.appsync'));
    const refusing = () => {
      throw new Error('EACCES');
    };
    expect(() => keepCompiled({ env: {}, cwd }, { enableCompileCache: refusing })).not.toThrow();
    expect(() => keepCompiled({ env: {}, cwd }, {})).not.toThrow();
  });
});
