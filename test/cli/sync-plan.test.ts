import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { applyCatalog } from '../../src/catalog/apply.ts';
import { parseCatalog } from '../../src/catalog/file.ts';
import type { PlannedSource } from '../../src/cli/sync-plan-source.ts';
import type { SyncPlan } from '../../src/cli/sync-plan.ts';
import type { Environment } from '../../src/config.ts';
import type { RunSummary } from '../../src/contract/summary.ts';
import { demoCatalog } from '../../src/dev/demo-catalog.ts';
import { builtInPlatforms } from '../../src/platforms/registry.ts';
import { demoWorld } from '../../src/sim/demo-world.ts';
import { AIRTABLE_TOKEN, NOTION_TOKEN, simpleWorld } from '../../src/sim/simulator.ts';
import { insertRun } from '../../src/store/runs.ts';
import { DEFAULT_OPTIONS } from '../../src/contract/options.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { readEverything } from '../support/everything-stored.ts';
import { testTemporal } from '../support/temporal.ts';
import { run } from './fake-io.ts';

/** Never waits: what a plan says of requests does not depend on how fast they may go. */
const UNLIMITED = { notion: 100_000, airtable: 100_000 };

const environment = ({ database, simulator }: TestInstallation): Environment => ({
  DATABASE_URL: database.url,
  TEMPORAL_ADDRESS: testTemporal().address,
  NOTION_TOKEN,
  AIRTABLE_TOKEN,
  NOTION_BASE_URL: simulator.notionUrl,
  AIRTABLE_ENDPOINT_URL: simulator.airtableUrl,
});

const commands = (env: Environment, cwd?: string) => {
  const command = (line: string, more: Environment = {}) =>
    run(line, { env: { ...env, ...more }, real: true, ...(cwd === undefined ? {} : { cwd }) });
  return {
    command,
    plan: async (line: string, more: Environment = {}) =>
      JSON.parse((await command(`${line} --json`, more)).stdout) as SyncPlan,
    sync: async (line: string) =>
      JSON.parse((await command(`${line} --json`)).stdout) as RunSummary,
  };
};

const planned = (plan: SyncPlan, alias: string): PlannedSource => {
  const source = plan.sources.find((candidate) => candidate.alias === alias);
  if (source === undefined) throw new Error(`the plan has no ${alias}`);
  return source;
};

describe('the requests that a plan expects of the demo', () => {
  let installation: TestInstallation;
  let cli: ReturnType<typeof commands>;
  beforeAll(async () => {
    installation = await startInstallation({ world: demoWorld({ records: 4_000 }) });
    const { database } = installation;
    const platforms = builtInPlatforms();
    const file = parseCatalog(demoCatalog(UNLIMITED), '/tests/demo.yaml', {
      platforms,
      reserved: [],
    });
    await applyCatalog(database.pool, file, { accept: true });
    cli = commands(environment(installation));
  });
  afterAll(() => installation.close());

  /** Requests as they were expected, and as the simulators counted them. */
  async function foretell(line: string) {
    const { log } = installation.simulator;
    log.clear();
    const plan = await cli.plan(`${line} --dry-run`);
    expect(log.count()).toBe(0);
    const summary = await cli.sync(line);
    expect(summary.status).toBe('complete');
    return { expected: plan.totals.requests.expected ?? Number.NaN, real: log.count(), plan };
  }

  const expectWithin10Percent = ({ expected, real }: { expected: number; real: number }) =>
    expect(Math.abs(expected - real) / real).toBeLessThanOrEqual(0.1);

  test('are an open range for a first run, and it says why', async () => {
    const plan = await cli.plan('all --dry-run');
    expect(plan.totals.requests).toEqual({ expected: null, least: 16, most: null });
    for (const source of plan.sources) {
      expect(source).toMatchObject({
        mode: 'full',
        reason: 'first sync',
        changes: [{ kind: 'table_created' }],
        schema_read_at: null,
        basis: 'never read whole: how many records there are shows only as they are read',
      });
    }
    expect((await cli.sync('all')).status).toBe('complete');
  });

  test('are what a run takes after which nothing changed', async () => {
    const { plan, ...requests } = await foretell('all');
    expect(plan.sources.map(({ mode }) => mode)).toEqual(plan.sources.map(() => 'incremental'));
    expectWithin10Percent(requests);
  });

  test('are what a run takes after some edits', async () => {
    const { world } = installation.simulator;
    for (const title of ['Skyflow Artefacts', 'Northwind Orders']) world.editSome(title, 20);
    const { plan: _, ...requests } = await foretell('all');
    expectWithin10Percent(requests);
  });

  test('are what a run of full scans takes', async () => {
    const { plan, ...requests } = await foretell('all --no-incremental');
    expect(plan.sources.map(({ deletions }) => deletions)).toEqual(plan.sources.map(() => 'sweep'));
    expectWithin10Percent(requests);
  });

  test('are what a run of full scans with other batches takes', async () => {
    const { plan: _, ...requests } = await foretell('all --no-incremental --batch-size 30');
    expectWithin10Percent(requests);
  });
});

describe('a plan', () => {
  let installation: TestInstallation;
  let cli: ReturnType<typeof commands>;
  let cwd: string;
  beforeAll(async () => {
    installation = await startInstallation({
      world: simpleWorld({ notion: { Tasks: 250, People: 30 }, airtable: { Contacts: 120 } }),
    });
    await installation.catalog((catalog) => {
      for (const account of catalog.accounts) {
        Object.assign(account, { rate_limit: 5 });
        if (account['platform'] === 'airtable') Object.assign(account, { plan: 'free' });
      }
    });
    await installation.database.pool.query('update appsync.account set rate_limit = 100000');
    await installation.sync();
    await installation.database.pool.query('update appsync.account set rate_limit = 5');
    cwd = mkdtempSync(join(tmpdir(), 'appsync-plan-'));
    cli = commands(environment(installation), cwd);
  });
  afterAll(async () => {
    await installation.close();
    rmSync(cwd, { recursive: true });
  });

  const sql = (text: string, values: unknown[] = []) =>
    installation.database.pool.query(text, values);

  test('writes nothing and asks nobody, also of a file that was never applied', async () => {
    const { pool } = installation.database;
    // The catalog of another file would be refused before it is planned.
    await sql('delete from appsync.catalog_file');
    const before = await readEverything(pool);
    installation.simulator.log.clear();
    await cli.plan('all --dry-run');
    writeFileSync(
      join(cwd, 'other.yaml'),
      `accounts: [{ name: another, platform: notion, token: env:NOTION_TOKEN }]
sources:
  - { alias: anew, account: another, ref: { data_source: 00000000-0000-4000-8000-0000000000aa } }
`,
    );
    const more = { APPSYNC_CATALOG: join(cwd, 'other.yaml') };
    const { exitCode } = await cli.command('anew --dry-run', more);
    expect(exitCode).toBe(0);
    expect(await readEverything(pool)).toEqual(before);
    expect(installation.simulator.log.count()).toBe(0);
  });

  test('sums up accounts: seconds at the budget, side by side, and the share of a known monthly plan', async () => {
    const { accounts, totals } = await cli.plan('all --dry-run --no-incremental');
    const [airtable, notion] = accounts;
    expect(notion).toMatchObject({ account: 'notion', sources: 2, rate: 5, token_problem: null });
    expect(notion?.requests.expected).toBe(7);
    expect(notion?.seconds.expected).toBeCloseTo(7 / 5);
    expect(notion?.month.limit).toBeNull();
    expect(airtable?.requests.expected).toBe(4);
    expect(airtable?.month).toEqual({ requests: 4, limit: 1_000 });
    expect(totals.seconds.expected).toBeCloseTo(7 / 5);
  });

  test('names a token that is missing and an account that is blocked', async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await sql(
      `update appsync.rate_budget set blocked_until = $1, block_reason = 'API plan used up'
        where account = 'airtable'`,
      [until],
    );
    const { stderr } = await cli.command('all --dry-run', { NOTION_TOKEN: '' });
    expect(stderr).toMatch(/^notion: .*; NOTION_TOKEN is not set: its sources would fail$/m);
    expect(stderr).toMatch(/^airtable: .*; blocked, free in \d+ min \(API plan used up\)$/m);
    await sql('update appsync.rate_budget set blocked_until = null');
  });

  test('leaves out of its sums a source that a run is at', async () => {
    const given = { target: 'all', filters: {}, options: DEFAULT_OPTIONS };
    await insertRun(installation.database.pool, { ...given, run_id: 'at-work', workflow_id: 'w' });
    await sql(`update appsync.source set holder_run_id = 'at-work' where alias = 'tasks'`);
    const plan = await cli.plan('notion --dry-run');
    expect(planned(plan, 'tasks')).toMatchObject({
      outcome: 'skip',
      obstacle: 'run at-work is at it',
    });
    expect(plan.accounts).toMatchObject([{ sources: 1, requests: { expected: 2 } }]);
    await sql(`update appsync.source set holder_run_id = null`);
  });

  test('goes on with a scan that was begun, as the run would', async () => {
    await sql(
      `insert into appsync.scan (id, source_id, mode, since, started_at, ref, schema_fingerprint, evidence)
       select gen_random_uuid(), s.id, 'full', null, now(),
              jsonb_build_object('account', 'notion', 'ref', s.ref), s.schema_fingerprint, '{"pages": 2}'
         from appsync.source s where s.alias = 'tasks'`,
    );
    const plan = await cli.plan('tasks --dry-run');
    expect(planned(plan, 'tasks')).toMatchObject({
      mode: 'full',
      reason: 'begun before',
      requests: { expected: 3 },
    });
    await sql('delete from appsync.scan');
  });

  test('tells what somebody did to a table, and that a full scan follows', async () => {
    const { rows } = await installation.database.pool.query<{ column_name: string }>(
      `select column_name from appsync.source_column c join appsync.source s on s.id = c.source_id
        where s.alias = 'people' and column_name <> 'name' limit 1`,
    );
    const column = rows[0]?.column_name ?? '';
    await sql(`alter table notion.people drop column "${column}"`);
    const source = planned(await cli.plan('people --dry-run'), 'people');
    expect(source).toMatchObject({ mode: 'full', changes: [{ kind: 'column_remade', column }] });
    expect(source.reason).toContain(`1 column made anew (${column})`);
    expect(await cli.sync('people')).toMatchObject({
      sources: [{ mode: 'full', schema_changes: [{ kind: 'column_remade', column }] }],
    });
  });

  test('counts contents that are wanted for the first time, one request each', async () => {
    await sql(`update appsync.source set content = 'markdown' where alias = 'people'`);
    const source = planned(await cli.plan('people --dry-run'), 'people');
    expect(source.contents).toEqual({ expected: 30, least: 30, most: 30 });
    const { log } = installation.simulator;
    log.clear();
    await sql('update appsync.account set rate_limit = 100000');
    expect((await cli.sync('people')).status).toBe('complete');
    expect(log.count()).toBe(source.requests.expected);
    const after = planned(await cli.plan('people --dry-run'), 'people');
    expect(after.contents).toMatchObject({ expected: 0, least: 0 });
    await sql('update appsync.account set rate_limit = 5');
  });

  test('with --live compares with the schema as it is now, and says before what that costs', async () => {
    const { world, log } = installation.simulator;
    world.addProperty('Tasks', { name: 'Effort', type: 'number' });
    const known = planned(await cli.plan('tasks --dry-run'), 'tasks');
    expect(known).toMatchObject({ mode: 'incremental', changes: [] });
    log.clear();
    const { stderr } = await cli.command('notion --dry-run --live');
    expect(stderr).toMatch(/^reading the schemas: 2 requests of notion$/m);
    expect(log.count()).toBe(2);
    const live = planned(await cli.plan('tasks --dry-run --live'), 'tasks');
    expect(live).toMatchObject({
      mode: 'full',
      changes: [{ kind: 'added', column: 'effort', to: 'numeric' }],
    });
    const [source] = (await cli.sync('tasks')).sources;
    expect(source).toMatchObject({ mode: 'full', schema_changes: live.changes });
  });

  test('with --live says which source cannot be read', async () => {
    const plan = await cli.plan('all --dry-run --live', { NOTION_TOKEN: 'ntn_wrong' });
    expect(planned(plan, 'tasks')).toMatchObject({ outcome: 'fail' });
    expect(planned(plan, 'contacts')).toMatchObject({ outcome: 'sync', obstacle: null });
    const { exitCode, stderr } = await cli.command('all --live');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--dry-run');
  });

  test('ends with the command line that runs it', async () => {
    const line = [
      'all',
      '--dry-run',
      '--component',
      `it's one`,
      '--max-delete',
      '7%',
      '--no-streaming',
    ];
    const { stderr } = await run([...line], { env: environment(installation), real: true });
    expect(stderr).toContain('unknown component');
    await sql(`update appsync.source set component = 'it''s one' where alias = 'tasks'`);
    const { stderr: after } = await run([...line], { env: environment(installation), real: true });
    expect(after.trimEnd().split('\n').at(-1)).toBe(
      `to run it: appsync all --component 'it'\\''s one' --max-delete 7% --no-streaming`,
    );
  });
});
