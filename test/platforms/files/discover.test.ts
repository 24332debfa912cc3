import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DiscoveredSource } from '../../../src/platforms/platform.ts';
import { createWorkplace, type Workplace } from './session.ts';

let place: Workplace;
beforeEach(async () => {
  place = await createWorkplace();
  await mkdir(join(place.folder, 'data'));
});
afterEach(() => place.remove());

const put = (name: string, content: string | Buffer) =>
  writeFile(join(place.folder, 'data', name), content);

async function found(at?: string) {
  const sources: DiscoveredSource[] = [];
  for await (const source of place.connect().discover(at)) sources.push(source);
  return sources;
}

describe('looking at a folder', () => {
  it('finds its tables, with references as a person would write them', async () => {
    await put('countries.csv', 'name,Code\nA,a\nB,b\n');
    await put('log.jsonl.gz', gzipSync('{"n":1}\n'));
    await put('package.json', '{"name":"x"}');
    await put('people.json', '[{"id":1}]');
    await put('notes.txt', 'nothing');
    await put('empty.csv', '');
    await mkdir(join(place.folder, 'data', 'more.csv'));
    const sources = await found('data');
    expect(sources.map(({ title, ref }) => [title, ref])).toEqual([
      ['countries', { path: 'data/countries.csv', key: 'Code' }],
      ['empty', { path: 'data/empty.csv' }],
      ['log', { path: 'data/log.jsonl.gz' }],
      ['people', { path: 'data/people.json', key: 'id' }],
    ]);
    expect(sources[0]?.external_id).toBe(join(place.folder, 'data/countries.csv'));
  });

  it.each([
    ['is empty somewhere', 'id,code\n1,a\n,b\n', { key: 'code' }],
    ['comes twice', 'id,a\n1,a\n1,b\n', {}],
  ])('takes no column for a key that %s', async (_, content, more) => {
    await put('a.csv', content);
    expect((await found('data'))[0]?.ref).toEqual({ path: 'data/a.csv', ...more });
  });

  it('notices another delimiter', async () => {
    await put('a.csv', 'id;name\n1;x\n');
    expect((await found('data'))[0]?.ref).toEqual({
      path: 'data/a.csv',
      delimiter: ';',
      key: 'id',
    });
  });

  it('takes one file, a pattern, and what lies outside', async () => {
    await put('m-1.csv', 'id\n1\n');
    await put('m-2.csv', 'id\n2\n');
    const refs = async (at: string) => (await found(at)).map(({ ref }) => ref);
    expect(await refs('data/m-1.csv')).toEqual([{ path: 'data/m-1.csv', key: 'id' }]);
    expect(await refs('data/m-*.csv')).toEqual([{ path: 'data/m-*.csv', key: 'id' }]);
    const other = await createWorkplace();
    const path = join(other.folder, 'b.csv');
    await writeFile(path, 'x\n1\n');
    expect(await refs(other.folder)).toEqual([{ path }]);
    await other.remove();
  });

  it('says what is wrong with the place', async () => {
    await expect(found('nowhere')).rejects.toMatchObject({ type: 'NotFound' });
    await put('notes.txt', 'nothing');
    await expect(found('data/notes.txt')).rejects.toMatchObject({
      type: 'Misconfigured',
      message: expect.stringMatching(/^ref\.format is missing/),
    });
    expect(await found()).toEqual([]);
  });
});
