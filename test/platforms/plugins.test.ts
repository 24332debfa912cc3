import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readPlugins } from '../../src/catalog/plugins.ts';
import { SyncFailure } from '../../src/errors.ts';
import { openSession } from '../../src/platforms/open-session.ts';
import { loadPlugin } from '../../src/platforms/plugins.ts';
import type { RateBudget } from '../../src/platforms/rate-limit.ts';
import { loadPlatforms } from '../../src/platforms/registry.ts';

const folder = mkdtempSync(join(tmpdir(), 'appsync-plugins-'));
afterAll(() => rmSync(folder, { recursive: true }));

const BODY = `
  title: 'Weather', environment: { token: [] }, plans: {}, overlap_ms: 0, located_at_once: 0,
  knownTypes: new Set(), parseRef: (ref) => ref, externalId: () => 'x', createConverter: () => () => null,
  connect: (_, requests) => ({}),`;
const source = (head: string, body = BODY) => `export default () => ({ ${head}, ${body} });`;
const WHOLE = source(`interface_version: 1, name: 'weather'`);

/** Loads what a file of this text brings as the platform `weather`. */
async function load(text: string, name = `${text.length}.mjs`) {
  writeFileSync(join(folder, name), text);
  return loadPlugin({ platform: 'weather', module: `./${name}`, folder });
}

describe('a plug-in', () => {
  test('is a file beside the catalog file', async () => {
    const platform = await load(WHOLE, 'whole.mjs');
    expect([platform.title, platform.unavailable]).toEqual(['Weather', undefined]);
  });

  test('is a package, found as Node finds packages, also one for import only', async () => {
    const home = join(folder, 'node_modules', 'appsync-weather');
    mkdirSync(home, { recursive: true });
    const exports = { '.': { import: './main.js' } };
    writeFileSync(join(home, 'package.json'), JSON.stringify({ type: 'module', exports }));
    writeFileSync(join(home, 'main.js'), WHOLE);
    const platform = await loadPlugin({ platform: 'weather', module: 'appsync-weather', folder });
    expect([platform.title, platform.unavailable]).toEqual(['Weather', undefined]);
  });

  test.each([
    ['is missing', './nowhere.mjs', null, /Cannot find module/],
    ['is a package that is not installed', 'no-such-package', null, /Cannot find package/],
    ['throws', './throws.mjs', `throw new Error('no licence');`, /no licence/],
    ['is no JavaScript', './broken.mjs', 'export default {', /Unexpected/],
    ['exports nothing', './empty.mjs', 'export const a = 1;', /default export is no function/],
    [
      'speaks another version of the interface',
      './newer.mjs',
      source(`interface_version: 2, name: 'weather'`),
      /speaks version 2 of the interface, and this appsync speaks 1/,
    ],
    [
      'brings another platform',
      './other.mjs',
      source(`interface_version: 1, name: 'wether'`),
      /it is the platform wether, not weather/,
    ],
    [
      'lacks a part',
      './half.mjs',
      source(`interface_version: 1, name: 'weather'`, BODY.replace(/connect: .*/, '')),
      /connect: is no function/,
    ],
  ])('that %s is named, with the reason, whenever it is used', async (_, module, text, reason) => {
    if (text !== null) writeFileSync(join(folder, module), text);
    const platform = await loadPlugin({ platform: 'weather', module, folder });
    expect(platform.unavailable).toMatch(/^the plug-in weather \(.*\) cannot be loaded: /);
    expect(platform.unavailable).toMatch(reason);
    expect(platform.unavailable).not.toContain('\n');
    expect(() => platform.parseRef({})).toThrow(SyncFailure);
  });

  test('replaces no platform that comes with appsync', async () => {
    const platforms = await loadPlatforms([{ platform: 'notion', module: './whole.mjs', folder }]);
    expect(platforms.get('notion')?.title).toBe('Notion');
  });
});

describe('a mistake in the code of a platform', () => {
  const budgetDown = new Error('connect ECONNREFUSED');
  const budget: RateBudget = {
    take: () => Promise.reject(budgetDown),
    arrivesBy: async (_rules, grant) => grant,
    block: async () => {},
    status: async () => [],
  };
  const open = async (connect: string, signal = new AbortController().signal) =>
    openSession(
      await load(source(`interface_version: 1, name: 'weather'`, BODY.replace('({})', connect))),
      { account: 'a', token: '', plan: null, rate: null },
      { budget, env: {}, salt: 's' },
      { signal, poolSize: 1, count: () => {} },
    );

  test.each([
    ['in a promise', '({ identify: async () => null.name })'],
    ['at once', '({ identify: () => null.name })'],
    [
      'of a session that is an object of a class',
      'new (class { async identify() { null.name; } })()',
    ],
  ])('is called that, not a failure of Postgres: %s', async (_, connect) => {
    const session = await open(connect);
    const failure = { type: 'InvalidAnswer', message: expect.stringMatching(/^Weather gave what/) };
    await expect((async () => session.identify())()).rejects.toMatchObject(failure);
  });

  test('is called that among the sources that it lists', async () => {
    const session = await open('({ async *discover() { yield 1; null.name; } })');
    const listed: unknown[] = [];
    const listing = (async () => {
      for await (const one of session.discover()) listed.push(one);
    })();
    await expect(listing).rejects.toMatchObject({ type: 'InvalidAnswer' });
    expect(listed).toEqual([1]);
  });

  test('is not made of what Postgres threw, nor of a cancellation', async () => {
    const asking = await open('({ identify: () => requests.send([1], 0) })');
    await expect(asking.identify()).rejects.toBe(budgetDown);
    const ended = new AbortController();
    ended.abort(new Error('cancelled'));
    const session = await open(
      `({ identify: async () => { throw new Error('late'); } })`,
      ended.signal,
    );
    await expect(session.identify()).rejects.toThrow('late');
  });
});

describe('plug-ins of a catalog file', () => {
  const read = (text: string) => {
    const path = join(folder, 'appsync.yaml');
    writeFileSync(path, text);
    return readPlugins(path);
  };

  test('are read before the rest of it means anything', async () => {
    const entry = { platform: 'weather', module: './weather.mjs', folder };
    expect(await read('plugins:\n  weather: ./weather.mjs\naccounts: 17\n')).toEqual([entry]);
    expect(await read('plugins: { weather: ./weather.mjs }\n')).toEqual([entry]);
  });

  test('are none in a file without any, in a broken one, and where there is no file', async () => {
    expect(await read('accounts: []\n')).toEqual([]);
    expect(await read('plugins: [weather]\n')).toEqual([]);
    expect(await read('plugins: {\n')).toEqual([]);
    expect(await readPlugins(join(folder, 'nowhere.yaml'))).toEqual([]);
  });
});
