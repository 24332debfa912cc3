import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          {
            title: 'Tasks',
            sources: [
              {
                title: 'Tasks',
                records: 120,
                properties: [
                  { name: 'Name', type: 'title' },
                  { name: 'Related', type: 'relation' },
                ],
              },
            ],
          },
        ],
      },
    },
  });
});
afterAll(() => installation.close());

interface Page {
  readonly properties: {
    readonly Related: { readonly relation: readonly { readonly id: string }[] };
  };
}

/** Related ids by record, as the platform has them and as the table does. */
async function relations() {
  const truth = installation.simulator.world.truth('Tasks').records;
  const expected = [...truth].map(([id, page]) => [
    id,
    (page as unknown as Page).properties.Related.relation.map((related) => related.id),
  ]);
  const { rows } = await installation.database.pool.query<{ id: string; related: string[] | null }>(
    'select _id as id, related from notion.tasks',
  );
  return {
    expected: new Map(expected as [string, string[]][]),
    found: new Map(rows.map((row) => [row.id, row.related ?? []])),
  };
}

/** The record with most related ones. */
function longest(): string {
  const related = (page: object) => (page as Page).properties.Related.relation.length;
  const truth = installation.simulator.world.truth('Tasks').records;
  return [...truth].toSorted(([, a], [, b]) => related(b) - related(a))[0]?.[0] ?? '';
}

describe('a relation of more than 25', () => {
  it('that one record answers with nonsense for costs that value alone; the others are read', async () => {
    installation.simulator.faults.add({
      platform: 'notion',
      path: new RegExp(`/pages/${longest()}/properties/`),
      times: 0,
      effect: { kind: 'answer', status: 200, body: { object: 'list', results: 'none' } },
    });
    const summary = await installation.sync();
    installation.simulator.faults.clear();
    expect(summary.sources[0]).toMatchObject({ status: 'incomplete', certified: false });
    expect(summary.sources[0]?.error?.message).toContain('cut short');
    const { expected, found } = await relations();
    const differing = [...expected].filter(
      ([id, related]) => related.join() !== found.get(id)?.join(),
    );
    expect(differing).toHaveLength(1);
  });

  it('that cannot be read whole leaves the source incomplete', async () => {
    installation.simulator.faults.add({
      platform: 'notion',
      path: '/properties/',
      effect: {
        kind: 'answer',
        status: 404,
        body: {
          object: 'error',
          status: 404,
          code: 'object_not_found',
          message: 'Could not find page with ID: 38c9ce7b.',
        },
      },
    });
    const summary = await installation.sync();
    expect(summary.sources[0]).toMatchObject({ status: 'incomplete', certified: false });
    expect(summary.sources[0]?.error?.message).toContain('cut short');
  });

  it('is read again by the next sync, and then is whole', async () => {
    const summary = await installation.sync();
    expect(summary.sources[0]).toMatchObject({ status: 'complete', mode: 'full', certified: true });
    const { expected, found } = await relations();
    expect(Math.max(...[...expected.values()].map((ids) => ids.length))).toBeGreaterThan(25);
    expect(found).toEqual(expected);
  });

  it('is not asked for again while nothing changes', async () => {
    const { log } = installation.simulator;
    log.clear();
    await installation.sync({ kind: 'all' }, { incremental: false });
    expect(log.count({ path: '/properties/' })).toBe(0);
    const { expected, found } = await relations();
    expect(found).toEqual(expected);
  });

  it('that its column cannot hold whole keeps its beginning and says why; the source goes on', async () => {
    const { world } = installation.simulator;
    const { pool } = installation.database;
    const ids = world.ids('Tasks');
    await pool.query(
      'alter table notion.tasks add constraint short check (cardinality(related) <= 60) not valid',
    );
    world.editRecord('Tasks', ids[0] ?? '', { Related: ids.slice(0, 70).map((id) => ({ id })) });
    const summary = await installation.sync();
    expect(summary.sources[0]).toMatchObject({ status: 'complete', updated: 1 });
    const { rows } = await pool.query(
      `select cardinality(related) as related, _errors ->> 'related' as why from notion.tasks where _id = $1`,
      [ids[0]],
    );
    expect(rows).toEqual([{ related: 25, why: expect.stringContaining('constraint short') }]);
  });
});
