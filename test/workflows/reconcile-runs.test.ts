import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startReconcile } from '../../src/client.ts';
import { reconcileWorkflowId } from '../../src/contract/names.ts';
import { DEFAULT_OPTIONS } from '../../src/contract/options.ts';
import type { ComparisonChoice } from '../../src/contract/reconciliation.ts';
import { readReconcileSummary } from '../../src/store/reconciliation/reconcile-results.ts';
import { insertReconcileRun } from '../../src/store/reconciliation/reconciliations.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { reconcile } from '../support/reconcile.ts';
import { until } from '../support/until.ts';

const RECORDS = 1_600;
const database = (title: string, records: number) => ({
  title,
  sources: [{ title, records, properties: 'few' as const }],
});

let installation: TestInstallation;
let worker: ChildProcess;
beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [database('Tasks', RECORDS), database('People', 30)],
      },
      airtable: {
        bases: [{ name: 'Shop', tables: [{ title: 'Deals', records: 40, fields: 'few' }] }],
      },
    },
    worker: 'spawned',
  });
  worker = installation.spawnWorker();
  await installation.sync();
});
afterAll(() => installation.close());

const sql = (text: string, values: unknown[] = []) =>
  installation.database.pool.query<Record<string, unknown>>(text, values);

/** Starts a reconciliation as the command does, without waiting for it. */
async function start(name: string, choice: ComparisonChoice) {
  const { temporal, id, database } = installation;
  const run_id = `reconcile-${name}`;
  const target = { kind: 'source', name: 'tasks' } as const;
  const workflow_id = reconcileWorkflowId(id, run_id);
  await insertReconcileRun(database.pool, { run_id, workflow_id, target: 'tasks', choice });
  const options = DEFAULT_OPTIONS;
  const input = { run_id, installation: id, target, filters: {}, options, choice, carried: null };
  await startReconcile(temporal, input);
  const handle = temporal.client.workflow.getHandle(workflow_id);
  return {
    handle,
    compared: async () => {
      const summary = await readReconcileSummary(database.pool, run_id);
      return summary?.totals.checked ?? 0;
    },
    finished: async () => {
      await handle.result().catch((error: unknown) => {
        if (!/cancel/i.test(String(error))) throw error;
      });
      return readReconcileSummary(database.pool, run_id);
    },
  };
}

const slowly = async (work: () => Promise<void>) => {
  installation.simulator.knobs.notion.latencyMs = 150;
  try {
    await work();
  } finally {
    installation.simulator.knobs.notion.latencyMs = 0;
  }
};

describe('a reconciliation', () => {
  it('survives a worker that is killed: every record is compared, and counted once', async () => {
    const [altered = ''] = installation.simulator.world.ids('Tasks');
    await sql(`update notion.tasks set name = 'by hand' where _id = $1`, [altered]);
    const run = await start('killed', { kind: 'full' });
    await slowly(async () => {
      await until(async () => (await run.compared()) >= 500);
      worker.kill('SIGKILL');
      worker = installation.spawnWorker();
    });
    expect(await run.finished()).toMatchObject({
      status: 'complete',
      sources: [{ checked: RECORDS, matching: RECORDS - 1, altered: 1, surplus: 0, missing: 0 }],
    });
  });

  it('can be cancelled: what it found so far is kept, and nothing of it stays behind', async () => {
    const run = await start('cancelled', { kind: 'full' });
    await slowly(async () => {
      await until(async () => (await run.compared()) >= 500);
      await run.handle.cancel();
      const cancelled = await run.finished();
      expect(cancelled).toMatchObject({
        status: 'cancelled',
        sources: [{ status: 'cancelled', missing: 0, surplus: 0, altered: 1 }],
      });
      expect(cancelled?.totals.checked).toBeLessThan(RECORDS);
    });
    const left = await sql(
      `select 1 from appsync.compared_record union all select 1 from appsync.compared_batch`,
    );
    expect(left.rowCount).toBe(0);
  });

  it('runs beside a sync of the same source, and takes nothing that the sync brings for drift', async () => {
    const { world } = installation.simulator;
    const ids = world.ids('Tasks');
    const run = await start('beside', { kind: 'full' });
    await slowly(async () => {
      await until(async () => (await run.compared()) >= 500);
      for (const id of [ids[0] ?? '', ids.at(-1) ?? '']) world.editRecord('Tasks', id);
      world.createRecords('Tasks', 3);
      const synced = await installation.sync({ kind: 'source', name: 'tasks' });
      expect(synced.sources[0]).toMatchObject({ status: 'complete', inserted: 3, updated: 2 });
      await until(async () => (await run.compared()) >= 1_500);
    });
    const summary = await run.finished();
    expect(summary).toMatchObject({
      status: 'complete',
      sources: [{ missing: 0, surplus: 0, changed: 0 }],
    });
  });

  it('reports a source that fails and compares the others', async () => {
    await installation.catalog((catalog) => {
      const ref = { data_source: '00000000-0000-4000-8000-0000000000ff' };
      catalog.sources.push({ alias: 'unsynced', account: 'notion', ref });
    });
    const { exitCode, result, of } = await reconcile(installation, 'all --full');
    expect(exitCode).toBe(3);
    expect(result.status).toBe('partial');
    expect(of('unsynced')).toMatchObject({
      status: 'failed',
      error: { type: 'Misconfigured', hint: 'appsync all --source unsynced' },
    });
    expect(of('people')).toMatchObject({ status: 'complete', checked: 30, matching: 30 });
    expect(of('deals')).toMatchObject({ status: 'complete', checked: 40, matching: 40 });
  });

  it('says which column somebody dropped, and a sync makes it whole again', async () => {
    await sql('alter table notion.people drop column name');
    const { exitCode, of } = await reconcile(installation, 'people');
    expect(exitCode).toBe(1);
    expect(of('people').error).toMatchObject({
      type: 'Misconfigured',
      message: expect.stringContaining('lacks column name'),
    });
    await installation.sync({ kind: 'source', name: 'people' });
    expect((await reconcile(installation, 'people --full')).exitCode).toBe(0);
  });
});

describe('a row that somebody put into a table', () => {
  it('is surplus, and deleted by a heal where a whole listing is proof enough', async () => {
    await sql(`insert into airtable.deals (_id) values ('recMadeByHand0001'), ('not an id '' ")')`);
    const { exitCode, result, of } = await reconcile(installation, 'deals --full --heal --yes');
    expect(result.heal?.before.sources[0]).toMatchObject({ surplus: 2, checked: 42, matching: 40 });
    expect(of('deals')).toMatchObject({ surplus: 0, checked: 2, matching: 2 });
    expect(exitCode).toBe(0);
  });

  it('stays drift where the platform cannot tell whether it is gone, until a person decides', async () => {
    await sql(`insert into notion.people (_id) values ('not-a-page')`);
    const { exitCode, result, of } = await reconcile(installation, 'people --heal --yes --full');
    expect(result.heal?.sync.sources[0]).toMatchObject({
      status: 'incomplete',
      error: { type: 'Unreachable', hint: 'appsync sources accept-deletions people' },
    });
    expect(of('people')).toMatchObject({ mode: 'again', surplus: 1 });
    expect(exitCode).toBe(3);
    await sql(`delete from notion.people where _id = 'not-a-page'`);
  });
});

it('a heal that was asked for is fulfilled by whichever sync comes next, and not by one that began before', async () => {
  const [altered = ''] = installation.simulator.world.ids('Deals');
  await sql(`update airtable.deals set name = 'by hand' where _id = $1`, [altered]);
  const { result } = await reconcile(installation, 'deals --full');
  await sql(
    `insert into appsync.heal (source_id, run_id, records, ids, is_whole_table, scan_id)
     select id, $1, 1, array[$2], false, 'a scan before' from appsync.source where alias = 'deals'`,
    [result.run_id, altered],
  );
  const summary = await installation.sync({ kind: 'source', name: 'deals' });
  expect(summary.sources[0]).toMatchObject({ status: 'complete', mode: 'full', updated: 1 });
  expect((await sql('select 1 from appsync.heal')).rowCount).toBe(0);
  expect((await reconcile(installation, 'deals --full')).exitCode).toBe(0);
});

it('of more drift than is kept by id everything is written again, and compared whole', async () => {
  const records = installation.simulator.world.ids('Tasks').length;
  await sql(`update notion.tasks set name = 'by hand'`);
  const { exitCode, result, of } = await reconcile(installation, 'tasks --full --heal --yes');
  const [before] = result.heal?.before.sources ?? [];
  expect(before).toMatchObject({ altered: records });
  expect(before?.drift).toHaveLength(1_000);
  expect(result.heal?.sync.sources[0]).toMatchObject({ status: 'complete', updated: records });
  expect(of('tasks')).toMatchObject({ mode: 'full', matching: records, altered: 0 });
  expect(exitCode).toBe(0);
});
