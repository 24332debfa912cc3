import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCli } from '../../src/cli/main.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testTemporal } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { run, testIo } from './fake-io.ts';

const ENTER = '\r';
const DOWN = '\u001b[B';
const CTRL_C = '\u0003';

let database: TestDatabase;
let cwd: string;

beforeAll(async () => {
  database = await createTestDatabase();
  cwd = mkdtempSync(join(tmpdir(), 'appsync-menu-'));
  writeFileSync(
    join(cwd, 'appsync.yaml'),
    `accounts: [{ name: notion, platform: notion, token: env:NOTION_TOKEN }]
applications: [{ slug: skyflow }]
sources:
  - { alias: notes, account: notion, ref: { data_source: 00000000-0000-4000-8000-000000000001 } }
  - { alias: tasks, account: notion, ref: { data_source: 00000000-0000-4000-8000-000000000002 }, app: skyflow }
`,
  );
  expect((await run('sources apply', { cwd, env: env() })).exitCode).toBe(0);
});
afterAll(async () => {
  await database.drop();
  rmSync(cwd, { recursive: true });
});

const env = () => ({ DATABASE_URL: database.url, TEMPORAL_ADDRESS: testTemporal().address });

/** `sync-cheat` at a terminal of which the test is the person. */
function startMenu(more: Record<string, string> = {}) {
  const terminal = { cwd, env: { ...env(), ...more }, stdoutTTY: true, stderrTTY: true };
  const modes: boolean[] = [];
  const keys = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (mode: boolean) => modes.push(mode),
  });
  const io = { ...testIo(terminal), stdin: keys };
  let seen = 0;
  return {
    io,
    modes,
    keys,
    ended: runCli(['sync-cheat'], io),
    /** Waits until the terminal shows `text`, later than what was waited for before. */
    shows: async (text: string) => {
      const find = () => stripVTControlCharacters(io.err()).indexOf(text, seen);
      await until(async () => find() >= 0);
      seen = find() + text.length;
    },
    press: (key: string) => keys.write(key),
  };
}

describe('the menu of sync-cheat', () => {
  test('goes from a target over its options to the command, and runs it', async () => {
    const menu = startMenu();
    await menu.shows('skyflow (application)');
    for (const key of 'notes') menu.press(key);
    await menu.shows('notes: 1 source');
    menu.press(ENTER);
    await menu.shows('appsync notes');
    await menu.shows('run it');
    menu.press(DOWN);
    await menu.shows('❯ adjust its options');
    menu.press(ENTER);
    await menu.shows('--dry-run');
    menu.press(' ');
    await menu.shows('◉ --dry-run');
    menu.press(ENTER);
    await menu.shows('How fast');
    menu.press(ENTER);
    await menu.shows('appsync notes --dry-run');
    await menu.shows('run it');
    expect(menu.io.out()).not.toContain('first sync');
    menu.press(ENTER);
    expect(await menu.ended).toBe(0);
    expect(menu.io.out()).toContain('first sync');
    expect(menu.io.out()).not.toContain('skyflow (application)');
  });

  test('Ctrl-C leaves the terminal as it was', async () => {
    const menu = startMenu();
    await menu.shows('What to sync?');
    expect(menu.modes.at(-1)).toBe(true);
    menu.press(CTRL_C);
    expect(await menu.ended).toBe(130);
    expect(menu.modes.at(-1)).toBe(false);
    expect(menu.io.err().lastIndexOf('\u001b[?25h')).toBeGreaterThanOrEqual(
      menu.io.err().lastIndexOf('\u001b[?25l'),
    );
    expect(menu.io.err()).not.toContain('error');
  });

  test('ends when nobody is left to answer', async () => {
    const menu = startMenu();
    await menu.shows('What to sync?');
    menu.keys.end();
    expect(await menu.ended).toBe(130);
    expect(menu.modes.at(-1)).toBe(false);
  });

  test('has no colours where none are wanted', async () => {
    const menu = startMenu({ NO_COLOR: '1' });
    await menu.shows('What to sync?');
    menu.press(CTRL_C);
    await menu.ended;
    // oxlint-disable-next-line no-control-regex
    expect(menu.io.err()).not.toMatch(/\u001b\[[\d;]*m/);
  });
});
