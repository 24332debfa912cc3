import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { EXACT, tablesOf } from '../support/tables.ts';

const CAP = 1_000;
const MINUTE = 1_050;
const PROPERTIES = 1_650;
const REPLACED = 900;

let installation: TestInstallation;
let tables: ReturnType<typeof tablesOf>;

beforeAll(async () => {
  const texts = (count: number, name: string) =>
    Array.from({ length: count }, (_, i) => ({ name: `${name} ${i}`, type: 'rich_text' }));
  installation = await startInstallation({
    notion: { queryCap: CAP },
    world: {
      notion: {
        databases: [
          {
            title: 'Database',
            sources: [
              {
                title: 'Import',
                records: MINUTE + 50,
                sameMinute: MINUTE,
                properties: [{ name: 'Name', type: 'title' }],
              },
              {
                title: 'Wide',
                records: 3,
                properties: [{ name: 'Name', type: 'title' }, ...texts(PROPERTIES, 'Text')],
              },
              {
                title: 'Worn',
                records: 2,
                properties: [{ name: 'Name', type: 'title' }, ...texts(REPLACED, 'Old')],
              },
              { title: 'Refreshed', records: 5, properties: 'few' },
            ],
          },
        ],
      },
    },
  });
  tables = tablesOf(installation);
});
afterAll(() => installation.close());

describe('a bulk import', () => {
  it('of more rows within one minute than a query gives is read whole', async () => {
    const summary = await tables.sync('Import', { batch_size: 500 });
    expect(summary).toMatchObject({ status: 'complete', certified: true });
    const rows = MINUTE + 50;
    expect(await tables.compare('Import')).toEqual({ rows, expected: rows, ...EXACT });
  });
});

describe('more properties than Postgres has columns', () => {
  it('have their values in `_more`, where they have no column', async () => {
    const { world } = installation.simulator;
    const [id = ''] = world.ids('Wide');
    const cells = Object.fromEntries(
      Array.from({ length: PROPERTIES }, (_, i) => [`Text ${i}`, `value ${i}`]),
    );
    world.editRecord('Wide', id, cells);
    expect(await tables.sync('Wide')).toMatchObject({ status: 'complete', inserted: 3 });
    const { _more: more, _raw: _, ...row } = await tables.row('Wide', id);
    expect(Object.keys(row).length).toBeLessThan(1_600);
    const stored = new Set([...Object.values(row), ...Object.values(more as object)]);
    expect(Object.values(cells).filter((value) => !stored.has(value))).toEqual([]);
    expect(await tables.compare('Wide')).toMatchObject(EXACT);
  });

  it('over the years, though never at once, do not end the sync of a source', async () => {
    const { world } = installation.simulator;
    await tables.sync('Worn');
    for (let i = 0; i < REPLACED; i += 1) {
      world.removeProperty('Worn', `Old ${i}`);
      world.addProperty('Worn', { name: `New ${i}`, type: 'number' });
    }
    const [id = ''] = world.ids('Worn');
    world.editRecord('Worn', id, { [`New ${REPLACED - 1}`]: 7 });
    expect(await tables.sync('Worn')).toMatchObject({ status: 'complete', mode: 'full' });
    const { _more: more, ...row } = await tables.row('Worn', id);
    const cells = [...Object.values(row), ...Object.values((more ?? {}) as object)];
    expect(cells.map(String)).toContain('7');
    expect(await tables.compare('Worn')).toMatchObject(EXACT);
  });
});

describe('a source with `full_every`', () => {
  it('is read whole by itself when its last full scan is older than that', async () => {
    await installation.catalog((catalog) => {
      const source = catalog.sources.find(({ alias }) => alias === 'refreshed');
      if (source !== undefined) source['full_every'] = '1d';
    });
    expect(await tables.sync('Refreshed')).toMatchObject({ mode: 'full' });
    expect(await tables.sync('Refreshed')).toMatchObject({ mode: 'incremental' });
    await installation.database.pool.query(
      `update appsync.source set full_scan_at = full_scan_at - interval '25 hours'`,
    );
    expect(await tables.sync('Refreshed')).toMatchObject({ mode: 'full', status: 'complete' });
  });
});
