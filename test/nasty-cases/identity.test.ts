import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { EXACT, tablesOf } from '../support/tables.ts';

let installation: TestInstallation;
let tables: ReturnType<typeof tablesOf>;

beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          {
            title: 'Handbook',
            sources: [
              { title: 'Wiki', records: 12, properties: 'few', wiki: ['Inner', 'Other'] },
              { title: 'Inner', records: 5, properties: 'few' },
              { title: 'Other', records: 4 },
            ],
          },
        ],
      },
    },
  });
  tables = tablesOf(installation);
});
afterAll(() => installation.close());

describe('a database of several data sources, one of them a wiki that lists the others', () => {
  it('becomes a table per data source, with pages for rows and nothing else', async () => {
    const summary = await installation.sync({ kind: 'all' }, { batch_size: 5 });
    expect(summary).toMatchObject({ status: 'complete', totals: { read: 21, inserted: 21 } });
    expect(await tables.evidence('Wiki')).toMatchObject({ other_objects: 2, gaps: [] });
    expect(await tables.compare('Wiki')).toEqual({ rows: 12, expected: 12, ...EXACT });
    expect(await tables.compare('Inner')).toEqual({ rows: 5, expected: 5, ...EXACT });
    expect(await tables.compare('Other')).toEqual({ rows: 4, expected: 4, ...EXACT });
    for (const { external_id: entry } of summary.sources) {
      expect((await tables.rows('Wiki')).has(entry)).toBe(false);
    }
    expect(installation.simulator.log.writes()).toEqual([]);
  });
});
