import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { examplesOf } from '../../src/cli/help.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { renderReference } from '../../src/cli/reference.ts';
import { SHORTCUTS } from '../../src/cli/shortcuts.ts';
import { run } from './fake-io.ts';

const tree = () =>
  buildProgram(
    async () => {},
    () => {},
  );

function leaves(parent: Command): readonly Command[] {
  return parent.commands.flatMap((child) => (child.commands.length > 0 ? leaves(child) : [child]));
}

describe('help', () => {
  test('bare, -h, --help and help are the same, with examples first', async () => {
    const outputs = await Promise.all(['', '-h', '--help', 'help'].map((line) => run(line)));
    for (const { exitCode, stdout, stderr } of outputs) {
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toBe(outputs[0]?.stdout);
    }
    const text = outputs[0]?.stdout ?? '';
    expect(text.indexOf('Examples:')).toBeLessThan(text.indexOf('Sync:'));
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('lists every command and every shortcut', async () => {
    const { stdout } = await run('--help');
    for (const { name } of SHORTCUTS) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    for (const command of tree().commands) {
      expect(stdout).toMatch(new RegExp(`^  ${command.name()} `, 'm'));
    }
  });

  test('topics', async () => {
    const shortcuts = (await run('help shortcuts')).stdout;
    for (const { name } of SHORTCUTS) expect(shortcuts).toContain(name);
    expect(shortcuts).toContain('sync-notion');
    expect(shortcuts).toContain('sync-airtable');
    const codes = (await run('help exit-codes')).stdout;
    for (const code of [0, 1, 2, 3, 4, 5, 8, 130])
      expect(codes).toMatch(new RegExp(`^  ${code} `, 'm'));
    const environment = (await run('help environment')).stdout;
    for (const name of [
      'NOTION_TOKEN',
      'AIRTABLE_API_KEY',
      'AIRTABLE_ENDPOINT_URL',
      'DATABASE_URL',
      'APPSYNC_HOME',
    ]) {
      expect(environment).toContain(name);
    }
  });

  test('of a command, however it is asked for', async () => {
    const { stdout } = await run('help runs watch');
    expect(stdout).toContain('Follow a run until it ends');
    expect((await run('runs watch --help')).stdout).toBe(stdout);
    expect((await run('sync-full --help')).stdout).toBe((await run('help sync')).stdout);
    expect((await run('help sync-legacy')).stdout).toContain('--no-streaming');
    expect((await run('runs')).stdout).toContain('Commands:');
  });

  test('calls the program what the person calls it', async () => {
    const { stdout } = await run('--help', { env: { APPSYNC_PROGRAM: './dj.sh' } });
    expect(stdout).toContain('./dj.sh <target> [options]');
    expect(stdout).not.toMatch(/appsync [a-z<]/);
  });

  test('every command has a summary and an example', () => {
    for (const command of leaves(tree())) {
      expect([command.name(), command.summary(), examplesOf(command).length > 0]).toEqual([
        command.name(),
        expect.stringMatching(/^[A-Z].*[^.]$/),
        true,
      ]);
    }
  });

  test('--version', async () => {
    expect(await run('--version')).toEqual({ exitCode: 0, stdout: '0.1.0\n', stderr: '' });
  });
});

test('docs/cli.md is what `appsync dev docs` prints', async () => {
  const path = new URL('../../docs/cli.md', import.meta.url);
  expect(readFileSync(path, 'utf8')).toBe(await renderReference(tree()));
});
