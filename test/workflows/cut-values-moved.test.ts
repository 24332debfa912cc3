import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

const PLAIN = [{ name: 'Name', type: 'title' }] as const;
const PROPERTIES = [...PLAIN, { name: 'Related', type: 'relation' }] as const;

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          {
            title: 'Board',
            sources: [
              { title: 'Tasks', records: 120, properties: PROPERTIES },
              { title: 'Archive', records: 3, properties: PLAIN },
            ],
          },
        ],
      },
    },
  });
});
afterAll(() => installation.close());

/** A sync that ends before it has read what lists cut short. Returns a record that lacks such a value. */
async function syncWithoutValues(): Promise<string> {
  const { simulator, database } = installation;
  simulator.faults.add({
    platform: 'notion',
    path: '/properties/',
    times: 0,
    effect: { kind: 'named', name: 'notion unauthorized' },
  });
  await installation.sync({ kind: 'source', name: 'tasks' }, { incremental: false });
  simulator.faults.clear();
  const { rows } = await database.pool.query<{ id: string }>(
    'select record_id as id from appsync.truncated_value order by 1 limit 1',
  );
  return rows[0]?.id ?? '';
}

const readPlaces = async (id: string) => {
  const { rows } = await installation.database.pool.query(
    `select 'tasks' as source from notion.tasks where _id = $1 and _deleted_at is null
      union all select 'archive' from notion.archive where _id = $1 and _deleted_at is null`,
    [id],
  );
  return rows;
};

const cutValues = async () =>
  (await installation.database.pool.query('select from appsync.truncated_value')).rowCount;

describe('a page with a value still cut short that moves where it has no such property', () => {
  it('leaves a scan that listed it incomplete, and the next one complete', async () => {
    const id = await syncWithoutValues();
    installation.simulator.world.moveRecord('Tasks', id, 'Archive');
    const [first] = (await installation.sync({ kind: 'source', name: 'tasks' })).sources;
    expect(first).toMatchObject({ status: 'incomplete', certified: false });
    expect(first?.error?.message).toContain('cut short');
    expect(await cutValues()).toBe(0);
    expect(await installation.sync()).toMatchObject({ status: 'complete' });
    expect(await readPlaces(id)).toEqual([{ source: 'archive' }]);
  });

  it('is no matter for a full scan that did not list it', async () => {
    const { world } = installation.simulator;
    for (const record of world.ids('Tasks')) world.editRecord('Tasks', record);
    const id = await syncWithoutValues();
    world.moveRecord('Tasks', id, 'Archive');
    // Another schema: the checkpoint is not gone on with.
    world.addProperty('Tasks', { name: 'Note', type: 'rich_text' });
    const summary = await installation.sync();
    expect(summary.sources.map(({ alias, status }) => [alias, status])).toEqual([
      ['archive', 'complete'],
      ['tasks', 'complete'],
    ]);
    expect(await cutValues()).toBe(0);
    expect(await readPlaces(id)).toEqual([{ source: 'archive' }]);
  });
});
