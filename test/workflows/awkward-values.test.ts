import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          { title: 'Odd', sources: [{ title: 'Odd pages', records: 200, awkward: true }] },
        ],
      },
      airtable: {
        bases: [{ name: 'Odd', tables: [{ title: 'Odd records', records: 200, awkward: true }] }],
      },
    },
  });
});
afterAll(() => installation.close());

const count = async (sql: string) =>
  (await installation.database.pool.query<{ count: number }>(sql)).rows[0]?.count;

describe('records with every awkward value', () => {
  it('are all written, as the platforms have them, and none is refused', async () => {
    const summary = await installation.sync();
    expect(summary).toMatchObject({
      status: 'complete',
      totals: { inserted: 400, quarantined: 0 },
    });
    for (const [title, table] of [
      ['Odd pages', 'notion.odd_pages'],
      ['Odd records', 'airtable.odd_records'],
    ] as const) {
      const { pool } = installation.database;
      const truth = installation.simulator.world.truth(title, { fieldsById: true });
      expect(await compareWithTruth(pool, table, truth)).toMatchObject({
        lost: 0,
        surplus: 0,
        different: 0,
      });
      const impossible = `select count(*) as count from ${table} where _raw::text like '%2026-02-30%'`;
      expect(await count(impossible)).toBeGreaterThan(0);
      expect(await count(`${impossible} and _errors::text not like '%not a date%'`)).toBe(0);
    }
  });

  it('are not written again while they stay as they are', async () => {
    for (const incremental of [true, false]) {
      const summary = await installation.sync({ kind: 'all' }, { incremental });
      expect(summary.totals).toMatchObject({ inserted: 0, updated: 0, quarantined: 0 });
    }
  });
});
