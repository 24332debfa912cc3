import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testTemporal } from '../support/temporal.ts';
import { run } from './fake-io.ts';

const MANY = 200;
/** A screen or two: what a person looks through. */
const SHORT = 70;

const PROOF = JSON.stringify({
  scan_id: 'scan',
  mode: 'full',
  since: null,
  windows: 1,
  pages: 1,
  records: 3,
  rows: 3,
  cap_hits: 0,
  cursor_restarts: 0,
  missing: [],
});

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(
    `insert into appsync.account (name, platform, token_ref) values
       ('notion', 'notion', 'env:NOTION_TOKEN'), ('airtable', 'airtable', 'env:AIRTABLE_TOKEN');
     insert into appsync.application (slug, name) values ('skyflow', 'Skyflow'), ('ledger', 'Ledger');
     insert into appsync.source (alias, account_id, ref, external_id, application_id, table_schema, table_name,
                                 content, last_status, failures, failing_since, last_failure)
     select 's' || lpad(n::text, 4, '0'), account.id, jsonb_build_object('data_source', n), n, application.id,
            'notion', 's' || n, 'markdown', 'failed', 2, now(), 'Unavailable'
       from generate_series(1, ${MANY}) n
       join appsync.account on account.name = case n % 2 when 0 then 'notion' else 'airtable' end
       join appsync.application on application.slug = case when n <= 5 then 'skyflow' else 'ledger' end;
     insert into appsync.run (id, workflow_id, target, filters, options, status, started_at, finished_at)
     values ('20261123-000000-0001', 'w', 'all', '{}', '{}', 'partial', now(), now()),
            ('20251123-000000-0001', 'older', 'all', '{}', '{}', 'complete', '2025-11-23', '2025-11-23');
     insert into appsync.source_run (run_id, source_id, workflow_id, status, mode, started_at, evidence, error)
     select '20261123-000000-0001', id, 'w',
            case alias when 's0199' then 'failed' else 'complete' end, 'full', now(), '${PROOF}',
            case alias when 's0199' then '{"type": "Unavailable", "message": "no answer"}'::jsonb end
       from appsync.source;
     insert into appsync.quarantine (source_id, record_id, hash, raw, stage, reason, software, run_id)
     select id, 'r' || id, 'h' || id, '{}', 'write', 'too long', '0.1.0', '20261123-000000-0001' from appsync.source`,
  );
});
afterAll(() => database.drop());

const command = (line: string, isTTY: boolean) =>
  run(line, {
    env: {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: testTemporal().address,
      NOTION_TOKEN: 'x',
      AIRTABLE_TOKEN: 'x',
      NO_COLOR: '1',
    },
    stdoutTTY: isTTY,
    stderrTTY: isTTY,
  });

const linesOf = (text: string) => text.trimEnd().split('\n');
const LISTS = ['sources list', 'sync-dry', 'runs show', 'quarantine list'];

describe('a list of very many', () => {
  test.each(LISTS)('%s stays readable on a terminal and says how to see the rest', async (line) => {
    const { exitCode, stdout, stderr } = await command(line, true);
    expect(exitCode).toBe(0);
    expect(linesOf(stdout + stderr).length).toBeLessThan(line === 'runs show' ? 2 * SHORT : SHORT);
    expect(stderr).toMatch(/… and 160 more \w+: appsync .* \| less/);
  });

  test.each(LISTS)('%s gives a pipe every row, and few notices', async (line) => {
    const { stdout, stderr } = await command(line, false);
    expect(linesOf(stdout).length).toBeGreaterThanOrEqual(MANY);
    expect(linesOf(stderr).length).toBeLessThan(SHORT);
  });

  test('shows first which sources of a run are not complete', async () => {
    const { stdout } = await command('runs show', true);
    expect(linesOf(stdout)[1]).toMatch(/^s0199 +failed/);
  });

  test('does not push the total of a run out of sight with proofs that hold', async () => {
    const { stdout, stderr } = await command('runs show', true);
    expect(stdout).not.toMatch(/^SOURCE +SCAN/m);
    expect(stderr).toContain('all 200 scans are whole');
  });

  test('of runs says how to see older ones', async () => {
    const few = await command('runs list --limit 1', true);
    expect(linesOf(few.stdout)).toHaveLength(2);
    expect(few.stderr).toContain('older runs: appsync runs list --limit 10');
    const { exitCode, stderr } = await command('runs list --limit none', true);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--limit')]);
  });

  test('of plans has only columns that say something', async () => {
    const { stdout } = await command('sync-dry', true);
    expect(linesOf(stdout)[0]).toMatch(/^SOURCE +TABLE +MODE +RECORDS +REQUESTS +CHANGES +WHY$/);
  });

  test('of sources can be narrowed down by target and filters', async () => {
    const aliases = async (line: string) =>
      linesOf((await command(line, false)).stdout).map((row) => row.split('\t')[0]);
    expect(await aliases('sources list skyflow')).toEqual([
      's0001',
      's0002',
      's0003',
      's0004',
      's0005',
    ]);
    expect(await aliases('sources list --app skyflow --platform notion')).toEqual([
      's0002',
      's0004',
    ]);
    const { stdout } = await command('sources list --source s0007 --json', false);
    expect(JSON.parse(stdout)).toMatchObject([{ alias: 's0007' }]);
  });

  test('of sources that match nothing says so, and does not send anybody to init', async () => {
    const { exitCode, stdout, stderr } = await command('sources list skyflow --source s0007', true);
    expect([exitCode, stdout]).toEqual([0, '']);
    expect(stderr).toContain('no source matches');
    expect(stderr).not.toContain('init');
  });
});
