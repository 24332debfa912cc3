import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SyncOptions } from '../../src/contract/options.ts';
import type { SourceSummary } from '../../src/contract/summary.ts';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { NOTION_TOKEN } from '../../src/sim/simulator.ts';
import { acceptDeletions } from '../../src/store/deletions/sweep.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

const FULL = { incremental: false } as const;
const source = (title: string, records: number, more: { sameMinute?: number } = {}) => ({
  title,
  sources: [{ title, records, properties: 'few' as const, ...more }],
});

let installation: TestInstallation;
beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          source('Tasks', 30),
          source('Archive', 5),
          source('Big', 700),
          source('Shared', 10),
          source('Minute', 12, { sameMinute: 12 }),
        ],
      },
      airtable: {
        bases: [{ name: 'Shop', tables: [{ title: 'Deals', records: 200, fields: 'few' }] }],
      },
    },
  });
  await installation.sync();
});
afterAll(() => installation.close());

async function sync(alias: string, options: Partial<SyncOptions> = {}): Promise<SourceSummary> {
  const target = { kind: 'source', name: alias } as const;
  const summary = await installation.sync(target, options);
  return summary.sources[0] as SourceSummary;
}

async function deletedIn(table: string): Promise<readonly string[]> {
  const { rows } = await installation.database.pool.query<{ id: string }>(
    `select _id as id from ${table} where _deleted_at is not null order by 1`,
  );
  return rows.map(({ id }) => id);
}

async function accept(alias: string): Promise<number> {
  const { rows } = await installation.database.pool.query<{ id: number }>(
    'select id from appsync.source where alias = $1',
    [alias],
  );
  return acceptDeletions(installation.database.pool, rows[0]?.id ?? 0);
}

async function expectExact(title: string, table: string) {
  const truth = installation.simulator.world.truth(title, { fieldsById: true });
  expect(await compareWithTruth(installation.database.pool, table, truth)).toMatchObject({
    lost: 0,
    surplus: 0,
    different: 0,
  });
}

describe('a record that is gone', () => {
  it('is marked as deleted by the next full scan, keeps its values, and comes back when restored', async () => {
    const { world } = installation.simulator;
    const [id = ''] = world.ids('Tasks');
    world.deleteRecord('Tasks', id);
    expect(await sync('tasks')).toMatchObject({ mode: 'incremental', deleted: 0 });
    expect(await deletedIn('notion.tasks')).toEqual([]);

    expect(await sync('tasks', FULL)).toMatchObject({
      status: 'complete',
      certified: true,
      read: 29,
      deleted: 1,
    });
    expect(await deletedIn('notion.tasks')).toEqual([id]);
    const { rows } = await installation.database.pool.query(
      'select name, _raw is not null as raw from notion.tasks where _id = $1',
      [id],
    );
    expect(rows).toEqual([{ name: expect.any(String), raw: true }]);

    // Within the same minute: no time tells it.
    world.restoreRecord('Tasks', id);
    expect(await sync('tasks', FULL)).toMatchObject({ status: 'complete', updated: 1, deleted: 0 });
    expect(await deletedIn('notion.tasks')).toEqual([]);
    await expectExact('Tasks', 'notion.tasks');
  });

  it('is asked about together with a hundred others where the platform can', async () => {
    const { world } = installation.simulator;
    const gone = world.ids('Deals').slice(0, 10);
    for (const id of gone) world.deleteRecord('Deals', id);
    expect(await sync('deals', FULL)).toMatchObject({
      status: 'complete',
      deleted: 10,
      // Schema, two pages, the schema again when they were read, and the ten.
      requests: 5,
    });
    expect(await deletedIn('airtable.deals')).toEqual(gone.toSorted());
  });

  it('lives in the table of the source that it moved to, and nowhere else', async () => {
    const { world } = installation.simulator;
    const [, id = ''] = world.ids('Tasks');
    world.moveRecord('Tasks', id, 'Archive', false);
    expect(await sync('tasks', FULL)).toMatchObject({ status: 'complete', deleted: 1 });
    expect(await deletedIn('notion.tasks')).toEqual([id]);
    // Its time of edit is old: only that it was announced lets an incremental scan find it.
    expect(await sync('archive')).toMatchObject({
      mode: 'incremental',
      status: 'complete',
      inserted: 1,
    });
    await expectExact('Archive', 'notion.archive');
    world.moveRecord('Archive', id, 'Tasks', false);
    expect(await sync('archive', FULL)).toMatchObject({ deleted: 1 });
    expect(await sync('tasks')).toMatchObject({ mode: 'incremental', updated: 1 });
    await expectExact('Tasks', 'notion.tasks');
    expect(await deletedIn('notion.archive')).toEqual([id]);
    expect(await deletedIn('notion.tasks')).toEqual([]);
  });

  it('is deleted by the next sync of its old source, whatever its mode, once its new one has it', async () => {
    const { world } = installation.simulator;
    const [, , , id = ''] = world.ids('Tasks');
    world.moveRecord('Tasks', id, 'Archive');
    expect(await sync('archive')).toMatchObject({ mode: 'incremental', inserted: 1 });
    expect(await sync('tasks')).toMatchObject({
      mode: 'incremental',
      status: 'complete',
      deleted: 1,
    });
    await expectExact('Tasks', 'notion.tasks');
    await expectExact('Archive', 'notion.archive');
    // Both have settled it: nothing is asked again.
    expect(await sync('archive')).toMatchObject({ status: 'complete', requests: 2 });
    expect(await sync('tasks')).toMatchObject({ status: 'complete', requests: 2 });
  });

  it('stays when the platform cannot tell it from one that is not shared, until a person decides', async () => {
    const { world } = installation.simulator;
    const [, , id = ''] = world.ids('Tasks');
    world.purgeRecord('Tasks', id);
    const undecided = {
      status: 'incomplete',
      certified: false,
      deleted: 0,
      error: { type: 'Unreachable', hint: 'appsync sources accept-deletions tasks' },
    };
    expect(await sync('tasks', FULL)).toMatchObject(undecided);
    expect(await sync('tasks')).toMatchObject({ ...undecided, mode: 'incremental' });
    expect(await deletedIn('notion.tasks')).not.toContain(id);
    expect(await accept('tasks')).toBe(1);
    expect(await sync('tasks')).toMatchObject({
      status: 'complete',
      mode: 'incremental',
      deleted: 1,
    });
    expect(await deletedIn('notion.tasks')).toContain(id);
    await expectExact('Tasks', 'notion.tasks');
  });
});

describe('many records that are gone at once', () => {
  it('are not deleted without consent', async () => {
    const { world } = installation.simulator;
    const gone = world.ids('Deals').slice(0, 60);
    const before = await deletedIn('airtable.deals');
    for (const id of gone) world.deleteRecord('Deals', id);
    const guarded = {
      status: 'incomplete',
      deleted: 0,
      error: {
        type: 'DeletionGuard',
        hint: expect.stringContaining('appsync sources accept-deletions deals'),
      },
    };
    expect(await sync('deals', FULL)).toMatchObject(guarded);
    expect(await sync('deals')).toMatchObject({ ...guarded, mode: 'incremental' });
    expect(await deletedIn('airtable.deals')).toEqual(before);

    // One of them comes back before anybody decides: a scan that sees it settles it.
    world.restoreRecord('Deals', gone[0] ?? '');
    world.editRecord('Deals', gone[0] ?? '');
    await sync('deals');
    expect(await accept('deals')).toBe(59);
    expect(await sync('deals')).toMatchObject({ status: 'complete', deleted: 59 });
    await expectExact('Deals', 'airtable.deals');
  });

  it('are decided by a sample, within a bound on requests', async () => {
    const { world } = installation.simulator;
    for (const id of world.ids('Big').slice(0, 650)) world.deleteRecord('Big', id);
    expect(await sync('big', FULL)).toMatchObject({
      error: { type: 'DeletionGuard' },
      requests: 2,
    });
    installation.simulator.log.clear();
    expect(await sync('big', { ...FULL, max_delete: 1 })).toMatchObject({
      status: 'complete',
      deleted: 650,
    });
    expect(installation.simulator.log.requests({ path: '/pages/' })).toHaveLength(200);
    await expectExact('Big', 'notion.big');
  });

  it('are the doing of a source that is not shared any more: nothing is deleted', async () => {
    const { world } = installation.simulator;
    world.setShared('Shared', NOTION_TOKEN, false);
    expect(await sync('shared', FULL)).toMatchObject({
      status: 'failed',
      deleted: 0,
      error: { type: 'NotFound' },
    });
    expect(await deletedIn('notion.shared')).toEqual([]);
    world.setShared('Shared', NOTION_TOKEN, true);
    expect(await sync('shared', FULL)).toMatchObject({ status: 'complete', unchanged: 10 });
  });
});

it('a scan that is not whole deletes nothing', async () => {
  const { world, knobs } = installation.simulator;
  const [gone = '', ...others] = world.ids('Minute');
  for (const id of others) world.editRecord('Minute', id, { Name: 'alike' });
  world.deleteRecord('Minute', gone);
  knobs.notion.queryCap = 5;
  expect(await sync('minute', FULL)).toMatchObject({
    status: 'incomplete',
    certified: false,
    deleted: 0,
    error: { type: 'EvidenceMissing' },
  });
  expect(await deletedIn('notion.minute')).toEqual([]);
  knobs.notion.queryCap = 10_000;
  expect(await sync('minute', FULL)).toMatchObject({ status: 'complete', deleted: 1 });
  await expectExact('Minute', 'notion.minute');
});
