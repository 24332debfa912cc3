import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { NOTION_DEFAULTS } from '../../src/sim/notion/knobs.ts';
import { NO_LIMITS } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { EXACT, tablesOf } from '../support/tables.ts';

const MINUTE = 60_000;
const NOON = Date.parse('2026-09-01T12:00:10.000Z');
const MANY = 300;
/** As a person would accept any number of deletions. */
const ACCEPTED = { incremental: false, max_delete: 1 };

let installation: TestInstallation;
let tables: ReturnType<typeof tablesOf>;

beforeAll(async () => {
  const notion = (title: string, records = 8) => ({ title, records, properties: 'few' as const });
  const airtable = (title: string, records = 8) => ({ title, records, fields: 'few' as const });
  installation = await startInstallation({
    now: () => NOON,
    world: {
      notion: {
        databases: [
          {
            title: 'Database',
            sources: [
              ...['Trash', 'From', 'To', 'Purged', 'Skipped'].map((title) => notion(title)),
              notion('Crowd', MANY),
            ],
          },
        ],
      },
      airtable: {
        bases: [{ name: 'Base', tables: [airtable('Bin'), airtable('Mass', MANY)] }],
      },
    },
  });
  tables = tablesOf(installation);
});
afterAll(() => installation.close());
afterEach(() => {
  Object.assign(installation.simulator.knobs.notion, NOTION_DEFAULTS, NO_LIMITS.notion);
  expect(installation.simulator.log.writes()).toEqual([]);
});

const first = (title: string) => installation.simulator.world.ids(title)[0] ?? '';
const advance = (ms: number) => installation.simulator.clock.advance(ms);

describe('a record that was deleted', () => {
  it('in Notion is marked by the next full scan, and not any more once restored within the same minute', async () => {
    const { world } = installation.simulator;
    await tables.sync('Trash');
    advance(10 * MINUTE);
    const id = first('Trash');
    world.deleteRecord('Trash', id);
    expect(await tables.sync('Trash')).toMatchObject({ mode: 'incremental', deleted: 0 });
    expect(await tables.full('Trash')).toMatchObject({ status: 'complete', deleted: 1 });
    expect(await tables.deleted('Trash')).toEqual([id]);
    expect(await tables.compare('Trash')).toEqual({ rows: 7, expected: 7, ...EXACT });
    const edited = world.record('Trash', id)?.['last_edited_time'];
    world.restoreRecord('Trash', id);
    expect(world.record('Trash', id)?.['last_edited_time']).toBe(edited);
    expect(await tables.sync('Trash')).toMatchObject({ mode: 'incremental', status: 'complete' });
    expect(await tables.deleted('Trash')).toEqual([]);
    expect(await tables.compare('Trash')).toEqual({ rows: 8, expected: 8, ...EXACT });
  });

  it('in Airtable is marked by the next full scan, and not any more by the one after its return', async () => {
    const { world } = installation.simulator;
    await tables.sync('Bin');
    const id = first('Bin');
    world.deleteRecord('Bin', id);
    expect(await tables.full('Bin')).toMatchObject({ status: 'complete', deleted: 1 });
    expect(await tables.deleted('Bin')).toEqual([id]);
    world.restoreRecord('Bin', id);
    expect(await tables.full('Bin')).toMatchObject({ status: 'complete', deleted: 0 });
    expect(await tables.deleted('Bin')).toEqual([]);
    expect(await tables.compare('Bin')).toEqual({ rows: 8, expected: 8, ...EXACT });
  });

  it('for good is not taken for deleted: it may only be out of sight, and the source is incomplete', async () => {
    const { world } = installation.simulator;
    await tables.sync('Purged');
    world.purgeRecord('Purged', first('Purged'));
    const summary = await tables.full('Purged');
    expect(summary).toMatchObject({ status: 'incomplete', certified: false, deleted: 0 });
    expect(summary.error?.hint).toContain('appsync sources accept-deletions purged');
    expect(await tables.deleted('Purged')).toEqual([]);
    expect((await tables.rows('Purged')).size).toBe(8);
  });
});

describe('a page that was moved to another source', () => {
  it('is marked in its old table and lives in the new one, once', async () => {
    const { world } = installation.simulator;
    for (const title of ['From', 'To']) await tables.sync(title);
    const id = first('From');
    world.moveRecord('From', id, 'To');
    expect(await tables.full('From')).toMatchObject({ status: 'complete', deleted: 1 });
    expect(await tables.sync('To')).toMatchObject({ status: 'complete', inserted: 1 });
    expect(await tables.deleted('From')).toEqual([id]);
    expect(await tables.row('To', id)).toMatchObject({ _deleted_at: null });
    expect(await tables.compare('From')).toEqual({ rows: 7, expected: 7, ...EXACT });
    expect(await tables.compare('To')).toEqual({ rows: 9, expected: 9, ...EXACT });
  });
});

describe('a page that a full scan skipped', () => {
  it('is asked for by itself, is there, and is not marked', async () => {
    const { world, knobs, log } = installation.simulator;
    const [made = ''] = world.createRecords('Skipped', [{ Name: 'here all the time' }]);
    await tables.sync('Skipped');
    advance(MINUTE);
    knobs.notion.indexLagMs = 5 * MINUTE;
    log.clear();
    expect(await tables.full('Skipped')).toMatchObject({ deleted: 0 });
    expect(log.count({ method: 'GET', path: `/v1/pages/${made}` })).toBe(1);
    expect(await tables.deleted('Skipped')).toEqual([]);
  });
});

describe('more than a fifth of a source that is gone at once', () => {
  it.each(['Crowd', 'Mass'])(
    'is not believed until somebody accepts it: %s keeps its rows and is incomplete',
    async (title) => {
      const { world } = installation.simulator;
      await tables.sync(title);
      const gone = world.ids(title).slice(0, 70);
      for (const id of gone) world.deleteRecord(title, id);
      const refused = await tables.full(title);
      expect(refused).toMatchObject({
        status: 'incomplete',
        deleted: 0,
        error: {
          type: 'DeletionGuard',
          hint: expect.stringContaining(`appsync sources accept-deletions ${title.toLowerCase()}`),
        },
      });
      expect(await tables.deleted(title)).toEqual([]);
      expect(await tables.sync(title, ACCEPTED)).toMatchObject({ status: 'complete', deleted: 70 });
      expect([...(await tables.deleted(title))].toSorted()).toEqual([...gone].toSorted());
      const left = MANY - 70;
      expect(await tables.compare(title)).toEqual({ rows: left, expected: left, ...EXACT });
      // A seventh is.
      for (const id of world.ids(title).slice(0, 30)) world.deleteRecord(title, id);
      expect(await tables.full(title)).toMatchObject({ status: 'complete', deleted: 30 });
    },
  );
});
