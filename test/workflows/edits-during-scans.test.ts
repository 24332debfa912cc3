import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { mix } from '../../src/sim/seeded.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

const RECORDS = 1500;
const FULL = { incremental: false, batch_size: 100 } as const;

let installation: TestInstallation;
beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          { title: 'Tasks', sources: [{ title: 'Tasks', records: RECORDS, properties: 'few' }] },
        ],
      },
      airtable: {
        bases: [{ name: 'Shop', tables: [{ title: 'Deals', records: RECORDS, fields: 'few' }] }],
      },
    },
  });
});
afterAll(() => installation.close());

/** Edits, creations, deletions and restorations before every page, chosen by the seed; `stop` ends them. */
function disturb(title: string, path: string, seed: number, deletes = true) {
  const { world, faults } = installation.simulator;
  const trash: string[] = [];
  let turn = 0;
  const pick = (ids: readonly string[]) => ids[mix(seed, (turn += 1)) % ids.length] ?? '';
  const run = () => {
    for (let i = 0; i < 5; i += 1) world.editRecord(title, pick(world.ids(title)));
    world.createRecords(title, 2);
    for (let i = 0; deletes && i < 3; i += 1) {
      const id = pick(world.ids(title));
      world.deleteRecord(title, id);
      trash.push(id);
    }
    const [back] = trash.splice(mix(seed, (turn += 1)) % trash.length, 1);
    if (back !== undefined) world.restoreRecord(title, back);
  };
  faults.add({ path, times: 0, effect: { kind: 'run', run } });
  return () => faults.clear();
}

async function liveButTombstoned(title: string, table: string): Promise<readonly string[]> {
  const { rows } = await installation.database.pool.query<{ id: string }>(
    `select _id as id from ${table} where _deleted_at is not null`,
  );
  const live = new Set(installation.simulator.world.ids(title));
  return rows.map(({ id }) => id).filter((id) => live.has(id));
}

const compare = (title: string, table: string) =>
  compareWithTruth(
    installation.database.pool,
    table,
    installation.simulator.world.truth(title, { fieldsById: true }),
  );

describe.each([
  ['Notion', 'Tasks', 'tasks', 'notion.tasks', '/query'],
  ['Airtable', 'Deals', 'deals', 'airtable.deals', '/tbl'],
])('while records of %s are edited, made, deleted and restored', (_, title, alias, table, path) => {
  const target = { kind: 'source', name: alias } as const;

  it.each([1, 2])(
    'a full scan tombstones nothing that lives, and one more run is exact (%i)',
    async (seed) => {
      const stop = disturb(title, path, seed);
      await installation.sync(target, FULL);
      stop();
      const tombstoned = await liveButTombstoned(title, table);
      const { rows } = await installation.database.pool.query<{ id: string }>(
        'select record_id as id from appsync.unsettled_record',
      );
      expect(rows).toEqual([]);
      expect(tombstoned).toEqual([]);
      expect(await installation.sync(target, FULL)).toMatchObject({ status: 'complete' });
      expect(await compare(title, table)).toMatchObject({ lost: 0, surplus: 0, different: 0 });
      expect(await liveButTombstoned(title, table)).toEqual([]);
      expect(await installation.sync(target)).toMatchObject({
        status: 'complete',
        totals: { inserted: 0, updated: 0, deleted: 0 },
      });
    },
  );

  it('an incremental scan loses no edit', async () => {
    world().editSome(title, 300);
    const stop = disturb(title, path, 3, false);
    await installation.sync(target, { batch_size: 100 });
    stop();
    await installation.sync(target);
    expect(await compare(title, table)).toMatchObject({ lost: 0, different: 0 });
  });
});

const world = () => installation.simulator.world;
