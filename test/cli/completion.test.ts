import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runAppsync } from '../support/cli-process.ts';

const CATALOG = `
accounts: [{ name: notion, platform: notion, token: env:NOTION_TOKEN }]
applications: [{ slug: skyflow, name: Skyflow }]
vaults: [{ id: v1, name: "It's $HOME; \\"main\\"" }]
users: [{ id: u1, username: ops }]
sources:
  - { alias: skyflow-tasks, account: notion, ref: { data_source: 1 }, component: artefact }
`;

let cwd: string;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "appsync it's "));
  writeFileSync(join(cwd, 'appsync.yaml'), CATALOG);
});
afterAll(() => rmSync(cwd, { recursive: true }));

const ask = async (...words: readonly string[]) =>
  (await runAppsync(['__complete', 'fish', 'notion,airtable', ...words], cwd, {})).stdout
    .split('\n')
    .filter(Boolean);

describe('completion offers', () => {
  test('commands, shortcuts and targets as the first word', async () => {
    expect(await ask('')).toEqual(
      expect.arrayContaining([
        'doctor',
        'runs',
        'sync-due',
        'sync-notion',
        'skyflow',
        'all',
        'skyflow-tasks',
      ]),
    );
    expect(await ask('doc')).toEqual(['doctor']);
  });

  test('subcommands and options of the command so far', async () => {
    expect(await ask('runs', 'pa')).toEqual(['pause']);
    expect(await ask('doctor', '--off')).toEqual(['--offline']);
    expect(await ask('skyflow', '--max-c')).toEqual(['--max-concurrent']);
  });

  test('values of options, also after an equals sign', async () => {
    expect(await ask('all', '--preset', '')).toEqual(expect.arrayContaining(['safe', 'fast']));
    expect(await ask('all', '--platform', 'n')).toEqual(['notion']);
    expect(await ask('all', '--app', '')).toEqual(['skyflow']);
    expect(await ask('all', '--app=sk')).toEqual(['--app=skyflow']);
    expect(await ask('all', '--user', '')).toEqual(['ops']);
  });

  test('what a shortcut takes, one operand after the other', async () => {
    expect(await ask('sync-app-component', '')).toEqual(['skyflow']);
    expect(await ask('sync-app-component', 'skyflow', '')).toEqual(['artefact']);
    expect(await ask('sources', 'accept-deletions', '')).toEqual(['skyflow-tasks']);
  });

  test('what can be read of a catalog file with mistakes, and starts nothing', async () => {
    writeFileSync(join(cwd, 'broken.yaml'), `${CATALOG}  - { alias: 7 }\nwrong: 1\n`);
    const env = { APPSYNC_CATALOG: 'broken.yaml' };
    const { stdout } = await runAppsync(
      ['__complete', 'fish', 'notion,airtable', 'all', '--app', ''],
      cwd,
      env,
    );
    expect(stdout).toBe('skyflow\n');
    expect(await ask('runs', 'show', '')).toEqual([]);
    expect(existsSync(join(cwd, '.appsync'))).toBe(false);
  });

  test('nothing for a shell that it does not know', async () => {
    const { code, stderr } = await runAppsync(['completion', 'tcsh'], cwd, {});
    expect(code).toBe(2);
    expect(stderr).toContain('appsync completion bash; also zsh, fish');
  });
});

const VAULT = `It's $HOME; "main"`;

/** Where a shell is; undefined on a machine without it. */
const find = (shell: string) =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, shell))
    .find((path) => existsSync(path));

async function runShell(shell: string, after: string): Promise<string> {
  const { stdout } = await runAppsync(['completion', shell], cwd, {});
  const script = join(cwd, `completion.${shell}`);
  writeFileSync(script, stdout);
  const program = `${after.replace('SCRIPT', `"./completion.${shell}"`)}\n`;
  const options = { cwd, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: cwd } } as const;
  const flags = shell === 'zsh' ? ['-f'] : [];
  const { stdout: out, stderr } = spawnSync(shell, [...flags, '-c', program], options);
  return out + stderr;
}

describe('in the shell itself', () => {
  test('bash completes ./dj.sh and appsync, and takes a completed name literally', async () => {
    const text = await runShell(
      'bash',
      `source SCRIPT; complete -p dj.sh appsync
       COMP_WORDS=(./dj.sh sync-vault ''); COMP_CWORD=2; _appsync
       eval "printf '<%s>\\n' \${COMPREPLY[0]}"
       COMP_WORDS=(appsync all --app = sk); COMP_CWORD=4; _appsync; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
    expect(text.split('\n').filter(Boolean)).toEqual([
      'complete -F _appsync dj.sh',
      'complete -F _appsync appsync',
      `<${VAULT}>`,
      'skyflow',
    ]);
  });

  // Where the shell is missing, its script is checked for what it runs.
  test('zsh', async () => {
    if (find('zsh') === undefined) {
      expect((await runAppsync(['completion', 'zsh'], cwd, {})).stdout).toContain('__complete zsh');
      return;
    }
    const text = await runShell(
      'zsh',
      `compdef() { print -r -- "compdef $*" }; compadd() { print -rl -- "\${(P@)3}" }
       source SCRIPT; words=(./dj.sh sync-vault ''); CURRENT=3; _appsync`,
    );
    expect(text).toBe(`compdef _appsync appsync dj.sh\n${VAULT}\n`);
  });

  test('fish', async () => {
    if (find('fish') === undefined) {
      expect((await runAppsync(['completion', 'fish'], cwd, {})).stdout).toContain(
        '__complete fish',
      );
      return;
    }
    const asked = "complete -C './dj.sh sync-vault '; complete -C 'appsync all --app sk'";
    expect(await runShell('fish', `source SCRIPT; ${asked}`)).toBe(`${VAULT}\nskyflow\n`);
  });
});
