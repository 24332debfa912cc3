import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { workerFingerprint } from '../../src/cli/stack-settings.ts';
import { readConfig, type Environment } from '../../src/config.ts';
import type { PluginEntry } from '../../src/platforms/plugins.ts';
import { builtInPlatforms } from '../../src/platforms/registry.ts';

const build = mkdtempSync(join(tmpdir(), 'appsync-build-'));
afterAll(() => rmSync(build, { recursive: true }));

const env: Environment = { NOTION_TOKEN: 'ntn_1', APPSYNC_CATALOG: join(build, 'appsync.yaml') };
const fingerprint = (
  more: Environment = {},
  directory = '/nowhere',
  plugins: readonly PluginEntry[] = [],
) =>
  workerFingerprint(readConfig({ ...env, ...more }, directory), build, plugins, builtInPlatforms());

test('a worker is another one when a token, an address or the build changes, and only then', () => {
  writeFileSync(join(build, 'worker.js'), '1');
  writeFileSync(join(build, 'appsync.yaml'), 'accounts: [{ token: env:SECOND_TOKEN }]');
  const first = fingerprint();
  expect(fingerprint()).toBe(first);
  expect(fingerprint({ UNRELATED: 'x', APPSYNC_TARGET: 'airtable' })).toBe(first);
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  const others = [
    fingerprint({ NOTION_TOKEN: 'ntn_2' }),
    fingerprint({ NOTION_BASE_URL: 'http://127.0.0.1:1' }),
    fingerprint({ SECOND_TOKEN: 'x' }),
    fingerprint({ APPSYNC_GRACE_SECONDS: '20' }),
    fingerprint({ TEMPORAL_NAMESPACE: 'other' }),
    fingerprint({}, '/elsewhere'),
  ];
  utimesSync(join(build, 'worker.js'), 1, 1);
  others.push(fingerprint());
  expect(new Set([first, ...others]).size).toBe(others.length + 1);
});

test('a worker is another one when a plug-in is named, or its file changes', () => {
  const plugin = { platform: 'weather', module: './weather.mjs', folder: build };
  const file = join(build, 'weather.mjs');
  writeFileSync(file, '1');
  const first = fingerprint({}, '/nowhere', [plugin]);
  expect(first).not.toBe(fingerprint());
  utimesSync(file, 1, 1);
  expect(fingerprint({}, '/nowhere', [plugin])).not.toBe(first);
});
