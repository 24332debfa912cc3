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

describe('a relation of more than 25', () => {
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
});
