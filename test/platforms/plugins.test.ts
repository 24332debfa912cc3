import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readPlugins } from '../../src/catalog/plugins.ts';
import { SyncFailure } from '../../src/errors.ts';
import { loadPlugin } from '../../src/platforms/plugins.ts';
import { loadPlatforms } from '../../src/platforms/registry.ts';

const folder = mkdtempSync(join(tmpdir(), 'appsync-plugins-'));
afterAll(() => rmSync(folder, { recursive: true }));

const BODY = `
  title: 'Weather', environment: { token: [] }, plans: {}, overlap_ms: 0, located_at_once: 0,
  knownTypes: new Set(), parseRef: (ref) => ref, externalId: () => 'x', createConverter: () => () => null,
  connect: () => ({}),`;
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
