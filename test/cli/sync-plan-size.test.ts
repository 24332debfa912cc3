import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { builtInPlatforms } from '../../src/platforms/registry.ts';
import { readPlan, type SyncPlan } from '../../src/cli/sync-plan.ts';
import { syncRequest } from '../../src/cli/sync-options.ts';
import type { Queryable } from '../../src/store/database.ts';
import { readPlanFacts } from '../../src/store/plan-facts.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

/** More with APPSYNC_PLANNED_SOURCES, to see how long a plan of so many takes (docs/performance.md). */
const MANY = Number(process.env['APPSYNC_PLANNED_SOURCES'] ?? 40);
const FEW = 2;
const COLUMNS = 12;
const RUNS = 20;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(`
    insert into appsync.account (name, platform, token_ref)
    values ('notion', 'notion', 'env:NOTION_TOKEN');
    insert into appsync.run (id, workflow_id, target, filters, options, status, started_at, finished_at)
    select 'run-' || n, 'w' || n, 'all', '{}', '{}', 'complete', now(), now() from generate_series(1, ${RUNS}) n;
    create schema if not exists notion`);
  await addSources(FEW);
});
afterAll(() => database.drop());

/** Sources that were synced many times, with their tables, until there are so many. */
async function addSources(count: number): Promise<void> {
  await database.pool.query(`
    insert into appsync.source (alias, account_id, ref, external_id, table_schema, table_name, watermark,
                                certified, full_scan_at, full_scan_records)
    select 's' || n, (select id from appsync.account), jsonb_build_object('data_source', n::text), n::text,
           'notion', 's' || n, now(), true, now() - interval '1 hour', 500
      from generate_series((select count(*) + 1 from appsync.source), ${count}) n;
    insert into appsync.source_column
      (source_id, field_id, field_name, field_type, column_name, column_type, position)
    select s.id, 'f' || c, 'F' || c, 'rich_text', 'f' || c, 'text', c
      from appsync.source s, generate_series(1, ${COLUMNS}) c on conflict do nothing;
    insert into appsync.source_run (run_id, source_id, workflow_id, status, mode, started_at, metrics, evidence)
    select 'run-' || n, s.id, 'w', 'complete', case n when 1 then 'full' else 'incremental' end, now(),
           '{"requests": 7, "read": 500, "inserted": 500, "batches": 5}',
           '{"pages": 5, "records": 500, "began_at": "2026-01-01T00:10:00Z", "since": "2026-01-01T00:00:00Z"}'
      from appsync.source s, generate_series(1, ${RUNS}) n on conflict do nothing;
    analyze`);
  const columns = Array.from({ length: COLUMNS }, (_, c) => `f${c + 1} text`).join(', ');
  const { rows } = await database.pool.query<{ table_name: string }>(
    `select table_name from appsync.source where to_regclass('notion.' || table_name) is null`,
  );
  for (const { table_name } of rows) {
    await database.pool.query(
      `create table notion.${table_name} (
         _id text primary key, _created_at timestamptz, _edited_at timestamptz,
         _synced_at timestamptz not null default now(), _deleted_at timestamptz, _hash text,
         _errors jsonb, _raw json, _run_id text, ${columns})`,
    );
  }
}

async function plan(): Promise<{ readonly plan: SyncPlan; readonly statements: number }> {
  let statements = 0;
  const counting: Queryable = {
    query: (text: string, values?: unknown[]) => {
      statements += 1;
      return database.pool.query(text, values);
    },
  } as Queryable;
  const request = { ...syncRequest('all', {}), target: 'all' };
  const platforms = builtInPlatforms();
  const from = { now: new Date(), platforms, env: {}, schemas: new Map(), program: 'appsync' };
  const began = performance.now();
  const made = await readPlan(counting, request, from);
  if (MANY > 40) console.log(`${made.sources.length} sources: ${performance.now() - began} ms`);
  return { plan: made, statements };
}

test('a plan of very many sources learns from fewer runs of each', async () => {
  const ids = await database.pool.query<{ id: number }>('select min(id) as id from appsync.source');
  const id = ids.rows[0]?.id ?? 0;
  const others = Array.from({ length: 4_000 }, (_, i) => 1_000_000 + i);
  const runsOf = async (asked: readonly number[]) =>
    (await readPlanFacts(database.pool, asked)).get(id)?.incremental?.runs;
  expect(await runsOf([id])).toBe(RUNS - 1);
  expect(await runsOf([id, ...others])).toBeLessThanOrEqual(5);
});

test('a plan of many sources asks Postgres no more often than one of a few', async () => {
  const few = await plan();
  await addSources(MANY);
  const many = await plan();
  expect(few.plan.sources).toHaveLength(FEW);
  expect(many.plan.sources).toHaveLength(MANY);
  expect(many.statements).toBe(few.statements);
  const [source] = many.plan.sources;
  expect(source).toMatchObject({
    outcome: 'sync',
    changes: [],
    records: { most: 500 + RUNS * 500 },
  });
});
