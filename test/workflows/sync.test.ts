import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          { title: 'Tasks', sources: [{ title: 'Tasks', records: 250, properties: 'few' }] },
          { title: 'People', sources: [{ title: 'People', records: 40 }] },
        ],
      },
      airtable: {
        bases: [
          {
            name: 'Shop',
            tables: [
              { title: 'Orders', records: 230, fields: 'few' },
              { title: 'Stock', records: 60 },
            ],
          },
        ],
      },
    },
  });
});
afterAll(() => installation.close());

async function compare(title: string, table: string) {
  const truth = installation.simulator.world.truth(title, { fieldsById: true });
  return compareWithTruth(installation.database.pool, table, truth);
}

const EXACT = { lost: 0, surplus: 0, different: 0 };

describe('a sync of both platforms', () => {
  it('copies every record and says so', async () => {
    const summary = await installation.sync();
    expect(summary.sources.map(({ alias, status, error }) => ({ alias, status, error }))).toEqual([
      { alias: 'orders', status: 'complete', error: undefined },
      { alias: 'stock', status: 'complete', error: undefined },
      { alias: 'people', status: 'complete', error: undefined },
      { alias: 'tasks', status: 'complete', error: undefined },
    ]);
    expect(summary).toMatchObject({
      status: 'complete',
      totals: { sources: 4, read: 580, inserted: 580, updated: 0, unchanged: 0 },
    });
    expect(await compare('Tasks', 'notion.tasks')).toEqual({ rows: 250, expected: 250, ...EXACT });
    expect(await compare('People', 'notion.people')).toEqual({ rows: 40, expected: 40, ...EXACT });
    expect(await compare('Stock', 'airtable.stock')).toEqual({ rows: 60, expected: 60, ...EXACT });
    expect(await compare('Orders', 'airtable.orders')).toEqual({
      rows: 230,
      expected: 230,
      ...EXACT,
    });
  });

  it('then reads only what changed, and writes only that', async () => {
    const { world } = installation.simulator;
    world.editSome('Tasks', 3);
    world.editSome('Orders', 2);
    const summary = await installation.sync();
    expect(summary.sources.map((source) => source.mode)).toEqual([
      'incremental',
      'incremental',
      'incremental',
      'incremental',
    ]);
    expect(summary.totals).toMatchObject({ inserted: 0, updated: 5 });
    expect(await compare('Tasks', 'notion.tasks')).toMatchObject(EXACT);
    expect(await compare('Orders', 'airtable.orders')).toMatchObject(EXACT);
  });

  it('writes nothing when a full scan finds nothing new', async () => {
    const summary = await installation.sync({ kind: 'all' }, { incremental: false });
    expect(summary.totals).toMatchObject({ read: 580, inserted: 0, updated: 0, unchanged: 580 });
    expect(summary.sources.every((source) => source.certified && source.mode === 'full')).toBe(
      true,
    );
  });
});
