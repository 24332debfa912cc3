import { describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { resolveArguments } from '../../src/cli/arguments.ts';
import { SHORTCUTS } from '../../src/cli/shortcuts.ts';
import { addSyncOptions, syncRequest, type SyncFlags } from '../../src/cli/sync-options.ts';
import { DEFAULT_OPTIONS } from '../../src/contract/options.ts';

const known = {
  commands: new Set(['sync', 'init', 'sources', 'runs', 'up', 'status', 'help']),
  platformNames: async () => ['notion', 'airtable', 'carrier-pigeon'],
};
const resolved = async (line: string) =>
  (await resolveArguments(line.split(' ').filter(Boolean), known)).join(' ');

/** What a command line asks for, the way `sync` sees it. */
async function request(line: string) {
  const [command, ...rest] = await resolveArguments(line.split(' '), known);
  expect(command).toBe('sync');
  const sync = addSyncOptions(new Command().argument('[target]').exitOverride());
  sync.configureOutput({ writeErr: () => {} }).parse(rest, { from: 'user' });
  return syncRequest(sync.args[0], sync.opts<SyncFlags>());
}

describe('every shortcut stands for its arguments', () => {
  const plain = {
    filters: {},
    options: DEFAULT_OPTIONS,
    dryRun: false,
    verbose: false,
    wait: true,
  };
  const options = (changed: object) => ({ options: { ...DEFAULT_OPTIONS, ...changed } });
  test.each<[string, string | undefined, object]>([
    ['sync', undefined, {}],
    ['sync-all', 'all', {}],
    ['sync-notion', 'notion', {}],
    ['sync-carrier-pigeon', 'carrier-pigeon', {}],
    ['sync-app skyflow', 'all', { filters: { app: ['skyflow'] } }],
    ['sync-component task', 'all', { filters: { component: ['task'] } }],
    ['sync-artefacts', 'all', { filters: { component: ['artefact'] } }],
    ['sync-source s1', 'all', { filters: { source: ['s1'] } }],
    ['sync-vault v1', 'all', { filters: { vault: ['v1'] } }],
    ['sync-user ops', 'all', { filters: { user: ['ops'] } }],
    ['sync-due', 'all', { filters: { only_due: true } }],
    ['sync-enabled', 'all', { filters: { only_enabled: true } }],
    ['sync-dry', 'all', { dryRun: true }],
    ['sync-fast', 'all', options({ pool_size: 20, max_concurrent: 10 })],
    ['sync-safe', 'all', options({ pool_size: 5, max_concurrent: 2 })],
    ['sync-full', 'all', options({ incremental: false })],
    [
      'sync-legacy',
      'all',
      options({ incremental: false, streaming: false, max_concurrent: 1, pool_size: 1 }),
    ],
    [
      'sync-app-component skyflow task',
      'all',
      { filters: { app: ['skyflow'], component: ['task'] } },
    ],
    [
      'sync-platform-component notion task',
      'all',
      { filters: { platform: ['notion'], component: ['task'] } },
    ],
    [
      'sync-app-fast skyflow',
      'all',
      { filters: { app: ['skyflow'] }, ...options({ pool_size: 20, max_concurrent: 10 }) },
    ],
    ['sync-custom --batch-size 500', 'all', options({ batch_size: 500 })],
  ])('%s', async (line, target, changed) => {
    expect(await request(line)).toEqual({ ...plain, target, ...changed });
  });

  test('those that show what there is stand for commands of their own', async () => {
    expect(await resolved('sync-list --json')).toBe('sources targets --json');
    expect(await resolved('sync-inspect tasks')).toBe('sources inspect tasks');
    expect(await resolved('sync-cheat --no-menu')).toBe('help cheat --no-menu');
    expect(await resolved('sync-quick')).toBe('help quick');
    expect(await resolved('sync-examples')).toBe('help examples');
  });

  test('names are unique and their examples work', async () => {
    const names = SHORTCUTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { example, means } of SHORTCUTS) {
      expect((await resolved(example)).split(' ')[0]).toBe(means.split(' ')[0]);
    }
  });
});

describe('words and options after a shortcut', () => {
  test.each([
    ['sync-full notion', 'sync notion --no-incremental'],
    ['sync-dry skyflow', 'sync skyflow --dry-run'],
    ['sync-fast --app A', 'sync all --preset fast --app A'],
    ['sync-app --pool-size 5 A --json', 'sync all --app A --pool-size 5 --json'],
    ['sync-app A notion', 'sync notion --app A'],
    ['sync-app -- A', 'sync all --app A'],
    ['sync-fast --preset safe', 'sync all --preset fast --preset safe'],
    ['sync-app --help', 'sync --help'],
  ])('%s', async (line, expected) => {
    expect(await resolved(line)).toBe(expected);
  });

  test("the person's options win over the shortcut's", async () => {
    const { options } = await request('sync-legacy --pool-size 7');
    expect(options).toMatchObject({ pool_size: 7, max_concurrent: 1, streaming: false });
  });

  test.each([
    ['sync-app', 'sync-app needs A', 'appsync sync-app skyflow'],
    ['sync-app-component A', 'needs A and C', 'appsync sync-app-component skyflow artefact'],
    ['sync-custom', 'needs at least one option', 'appsync sync-custom --batch-size 500'],
    ['sync-notion skyflow', 'takes no target', 'appsync sync skyflow --platform notion'],
    ['sync-al', 'unknown shortcut sync-al', 'did you mean appsync sync-all'],
    ['sync-nothing-like-it', 'unknown shortcut', 'appsync help shortcuts'],
  ])('%s is a usage error that shows how', async (line, message, hint) => {
    await expect(resolved(line)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });
});

describe('the first word', () => {
  test.each([
    ['', 'help'],
    ['notion --json', 'sync notion --json'],
    ['--json notion', 'sync notion --json'],
    ['--app A all', 'sync all --app A'],
    ['--json status', 'status --json'],
    ['--json sync-due', 'sync all --only-due --json'],
    ['--app A --help', '--help'],
    ['runs list', 'runs list'],
    ['-h', '-h'],
  ])('%s', async (line, expected) => {
    expect(await resolved(line)).toBe(expected);
  });

  test('options alone start nothing', async () => {
    await expect(resolved('--json')).rejects.toMatchObject({
      exitCode: 2,
      hint: 'appsync all --json',
    });
  });
});

describe('options', () => {
  test('repeats are alternatives, filters combine', async () => {
    const { filters } = await request('all --app A --app B --vault v --only-enabled');
    expect(filters).toEqual({ app: ['A', 'B'], vault: ['v'], only_enabled: true });
  });

  test('an option wins over the preset, wherever it stands', async () => {
    const { options } = await request('all --pool-size 3 --preset fast');
    expect(options).toMatchObject({ pool_size: 3, max_concurrent: 10 });
  });

  test('all of them', async () => {
    const line =
      'x --pool-size 1 --max-concurrent 100 --batch-size 10000 --rate-limit 0.5 --no-streaming --no-incremental --no-wait --verbose';
    expect(await request(line)).toEqual({
      target: 'x',
      filters: {},
      options: {
        pool_size: 1,
        max_concurrent: 100,
        batch_size: 10_000,
        rate_limit: 0.5,
        streaming: false,
        incremental: false,
      },
      dryRun: false,
      verbose: true,
      wait: false,
    });
  });
});
