import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Environment } from '../../src/config.ts';
import { DEFAULT_OPTIONS } from '../../src/contract/options.ts';
import { quotedWord } from '../../src/cli/shell-word.ts';
import { withoutPassword } from '../../src/cli/stack.ts';
import {
  NOTION_TOKEN,
  simpleWorld,
  startSimulator,
  type Simulator,
} from '../../src/sim/simulator.ts';
import { insertRun } from '../../src/store/runs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testTemporal } from '../support/temporal.ts';
import { run } from './fake-io.ts';

const CATALOG = `
accounts:
  - { name: notion, platform: notion, token: env:NOTION_TOKEN }
applications: [{ slug: skyflow, name: Skyflow }]
sources:
  - alias: artefacts
    account: notion
    ref: { data_source: 00000000-0000-4000-8000-000000000001 }
    app: skyflow
    every: 1h
  - alias: tasks
    account: notion
    ref: { data_source: 00000000-0000-4000-8000-000000000002 }
    enabled: false
`;

let database: TestDatabase;
let cwd: string;
let env: Environment;

beforeAll(async () => {
  database = await createTestDatabase();
  cwd = mkdtempSync(join(tmpdir(), 'appsync-cli-'));
  writeFileSync(join(cwd, 'appsync.yaml'), CATALOG);
  env = { DATABASE_URL: database.url, TEMPORAL_ADDRESS: testTemporal().address };
});
afterAll(async () => {
  await database.drop();
  rmSync(cwd, { recursive: true });
});

const command = (line: string, more: Environment = {}) =>
  run(line, { cwd, env: { ...env, ...more } });

describe('with a database of its own', () => {
  test('a dry run plans from the file and applies nothing', async () => {
    const { exitCode, stdout } = await command('sync-dry skyflow --json');
    expect(exitCode).toBe(0);
    const unknown = (least: number) => ({ expected: null, least, most: null });
    expect(JSON.parse(stdout)).toEqual({
      dry_run: true,
      live: false,
      target: 'skyflow',
      filters: {},
      options: DEFAULT_OPTIONS,
      sources: [
        {
          alias: 'artefacts',
          platform: 'notion',
          account: 'notion',
          table: 'notion.artefacts',
          enabled: true,
          outcome: 'sync',
          obstacle: null,
          mode: 'full',
          since: null,
          reason: 'first sync',
          records: unknown(0),
          requests: unknown(2),
          contents: null,
          basis: expect.any(String),
          changes: [expect.objectContaining({ kind: 'table_created' })],
          schema_read_at: null,
          deletions: 'none',
        },
      ],
      accounts: [
        {
          account: 'notion',
          platform: 'notion',
          sources: 1,
          requests: unknown(2),
          rate: 3,
          seconds: unknown(2 / 3),
          token_problem: 'NOTION_TOKEN is not set',
          blocked: null,
          month: { requests: 0, limit: null },
        },
      ],
      totals: { requests: unknown(2), seconds: unknown(2 / 3) },
      command: 'appsync skyflow',
    });
    expect((await command('sources list --json')).stdout).toBe('[]\n');
  });

  test('a dry run says what contents cost, and that a listing is read whole', async () => {
    const more = `${CATALOG}    content: markdown
  - { alias: people, account: notion, ref: { list: users } }
`;
    writeFileSync(join(cwd, 'content.yaml'), more);
    const catalog = { APPSYNC_CATALOG: join(cwd, 'content.yaml') };
    const { stdout } = await command('sync-dry --json', catalog);
    const { sources } = JSON.parse(stdout) as { sources: { alias: string; contents?: unknown }[] };
    expect(sources.map(({ alias, contents }) => [alias, contents])).toEqual([
      ['artefacts', null],
      ['people', null],
      ['tasks', { expected: null, least: 0, most: null }],
    ]);
    const { stderr } = await command('sync-dry', catalog);
    expect(stderr).toContain('tasks: contents are read of every record');
    expect(stderr).toContain('1 request each');
  });

  test('sources apply says what changed, and then that nothing does', async () => {
    const first = await command('sources apply');
    expect(first.exitCode).toBe(0);
    expect(first.stdout).toContain('artefacts');
    const second = await command('sources apply --json');
    expect(JSON.parse(second.stdout)).toMatchObject({ sources: { added: [], changed: [] } });
  });

  test('sources list is tab-separated in a pipe', async () => {
    const { stdout } = await command('sources list');
    expect(stdout.split('\n')[0]).toBe('artefacts\tnotion\tskyflow\t\t1h\t\t');
  });

  test('what fails is named by sources list, and by a dry run as not due', async () => {
    await database.pool.query(
      `update appsync.source set failures = 3, failing_since = '2026-11-23T13:45:00Z',
              last_failure = 'Forbidden', next_due_at = '2026-11-23T17:45:00Z'
        where alias = 'artefacts'`,
    );
    const fails = 'artefacts: failed 3 times in a row (Forbidden), first 2 h ago, due again in 1 h';
    expect((await command('sources list')).stderr).toContain(fails);
    expect(JSON.parse((await command('sources list --json')).stdout)).toContainEqual(
      expect.objectContaining({ alias: 'artefacts', failures: 3, last_failure: 'Forbidden' }),
    );
    const because = 'next in 1 h, after it failed 3 times in a row (Forbidden)';
    expect((await command('sync-due --dry-run')).stderr).toContain(
      `artefacts is not due: ${because}`,
    );
    const plan = JSON.parse((await command('sync-due --dry-run --json')).stdout) as unknown;
    expect(plan).toMatchObject({ not_due: [{ alias: 'artefacts', reason: because }] });
    expect((await command('sync-dry')).stdout).toContain('artefacts');
  });

  test('an unknown target or filter is a usage error with the nearest names', async () => {
    const target = await command('artefact');
    expect(target.exitCode).toBe(2);
    expect(target.stderr).toContain('did you mean artefacts?');
    const filter = await command('all --app skyflo --json');
    expect(filter.exitCode).toBe(2);
    expect(JSON.parse(filter.stdout)).toMatchObject({ error: { type: 'Usage' } });
  });

  test('runs are listed and shown; an unknown one is a usage error', async () => {
    expect((await command('runs list --json')).stdout).toBe('[]\n');
    const given = { target: 'all', filters: {}, options: DEFAULT_OPTIONS };
    await insertRun(database.pool, { ...given, run_id: '20261123-161502-4f2a', workflow_id: 'w' });
    expect((await command('runs list')).stdout).toMatch(/^20261123-161502-4f2a\tall\trunning\t0\t/);
    const shown = JSON.parse((await command('runs show --json')).stdout) as unknown;
    expect(shown).toMatchObject({ run_id: '20261123-161502-4f2a', workflow_id: 'w', sources: [] });
    const unknown = await command('runs show 20261123-161502-4f2b');
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain('did you mean 20261123-161502-4f2a?');
  });

  test('a broken file stops a sync before anything starts', async () => {
    const broken = join(cwd, 'broken.yaml');
    writeFileSync(broken, 'sources: 7\n');
    const { exitCode, stderr } = await command('all', {
      APPSYNC_CATALOG: broken,
      DATABASE_URL: 'postgres://127.0.0.1:1/none',
    });
    expect(exitCode).toBe(4);
    expect(stderr).toContain('broken.yaml');
  });

  test('a database that does not answer: exit 5, no stack trace', async () => {
    const { exitCode, stderr } = await command('runs list', {
      DATABASE_URL: 'postgres://someone:secret@127.0.0.1:1/none',
    });
    expect(exitCode).toBe(5);
    expect(stderr).toContain('error: ');
    expect(stderr).not.toContain('secret');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('init', () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator({
      world: simpleWorld({ notion: { Artefacts: 3, Tasks: 2 }, airtable: { Contacts: 2 } }),
    });
  });
  afterAll(() => simulator.close());

  const init = (name: string, more: Environment, line = 'init --platform notion --yes --json') =>
    command(line, {
      APPSYNC_CATALOG: join(cwd, name),
      NOTION_BASE_URL: simulator.notionUrl,
      AIRTABLE_ENDPOINT_URL: simulator.airtableUrl,
      ...more,
    });

  test('a token that is refused is exit 4, and the token is nowhere', async () => {
    const { exitCode, stdout, stderr } = await init('refused.yaml', { NOTION_TOKEN: 'ntn_wrong' });
    expect(exitCode).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ error: { type: 'Unauthorized' } });
    expect(stdout + stderr).not.toContain('ntn_wrong');
  });

  test('one bad token does not stop the other platform', async () => {
    const fresh = await createTestDatabase();
    try {
      const { exitCode, stdout } = await init(
        'found.yaml',
        { NOTION_TOKEN, AIRTABLE_TOKEN: 'pat_wrong', DATABASE_URL: fresh.url },
        'init --yes --json',
      );
      expect(exitCode).toBe(3);
      expect(JSON.parse(stdout)).toMatchObject({
        accounts: [
          { account: 'notion', sources: expect.any(Number) },
          { account: 'airtable', error: { type: 'Unauthorized' } },
        ],
      });
      expect(readFileSync(join(cwd, 'found.yaml'), 'utf8')).toContain('token: env:NOTION_TOKEN');
    } finally {
      await fresh.drop();
    }
  });
});

test('addresses for the screen and for a shell', () => {
  expect(withoutPassword('postgres://me:secret@host:5432/db')).toBe('postgres://host:5432/db');
  expect(quotedWord("it's")).toBe(`'it'\\''s'`);
});
