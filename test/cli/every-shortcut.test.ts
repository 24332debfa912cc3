import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SHORTCUTS, platformShortcuts } from '../../src/cli/shortcuts.ts';
import { builtInPlatforms } from '../../src/platforms/registry.ts';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { runInstalled } from './installed.ts';

/** What every installation has, whatever platforms are added. */
const PROMISED = (
  'sync sync-cheat sync-quick sync-examples sync-inspect sync-list sync-notion sync-airtable sync-files sync-all ' +
  'sync-app sync-component sync-artefacts sync-source sync-vault sync-user sync-due sync-enabled sync-dry sync-fast ' +
  'sync-safe sync-full sync-legacy sync-app-component sync-platform-component sync-app-fast sync-custom ' +
  'sync-health sync-stats'
).split(' ');
const EXAMPLES = [
  'sync',
  ...[...SHORTCUTS, ...platformShortcuts(builtInPlatforms().keys())].map(({ example }) => example),
];
/** They start a run; the others only look. */
const LOOKING = /^sync-(cheat|quick|examples|inspect|list|dry|health|stats)\b/;

let installation: TestInstallation;
let cwd: string;

beforeAll(async () => {
  installation = await startInstallation({
    world: simpleWorld({
      notion: { 'Skyflow Artefacts': 30, 'Skyflow Tasks': 20 },
      airtable: { 'Skyflow Invoices': 10 },
    }),
  });
  cwd = mkdtempSync(join(tmpdir(), 'appsync-shortcuts-'));
  writeFileSync(join(cwd, 'regions.csv'), 'id,name\n1,North\n2,South\n');
  await installation.catalog((catalog) => {
    catalog.accounts.push({ name: 'disk', platform: 'files' });
    const ref = { path: join(cwd, 'regions.csv'), key: 'id' };
    catalog.sources.push({ alias: 'regions', account: 'disk', ref });
    catalog.applications = [{ slug: 'skyflow', name: 'Skyflow' }];
    Object.assign(catalog, {
      vaults: [{ id: 'v1', name: 'main' }],
      users: [{ id: 'u1', username: 'ops' }],
    });
    for (const source of catalog.sources) {
      const component = source.alias === 'skyflow-artefacts' ? 'artefact' : 'task';
      Object.assign(source, { app: 'skyflow', component, vault: 'main', user: 'ops' });
    }
  });
});
afterAll(async () => {
  await installation.close();
  rmSync(cwd, { recursive: true });
});

const run = (line: string) => runInstalled(line, { installation, cwd });

describe('every shortcut', () => {
  test('that is promised is there', () => {
    const names = EXAMPLES.map((example) => example.split(' ')[0]);
    expect(names.toSorted()).toEqual(PROMISED.toSorted());
  });

  test.each(EXAMPLES)('%s does what it says, against every platform', async (example) => {
    const { exitCode, stdout, stderr } = await run(example);
    expect([exitCode, stderr.match(/^error: .*/m)?.[0]]).toEqual([0, undefined]);
    if (LOOKING.test(example)) expect(stdout).not.toBe('');
    else expect(stderr).toMatch(/^✓ complete: \d+ sources?, /m);
  });
});
