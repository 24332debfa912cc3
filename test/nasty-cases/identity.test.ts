import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AIRTABLE_TOKEN } from '../../src/sim/simulator.ts';
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
          {
            title: 'Projects',
            sources: ['Backlog', 'Archive'].map((title) => ({
              title,
              records: 6,
              properties: 'few' as const,
            })),
          },
        ],
      },
      airtable: {
        bases: ['Before', 'Restored'].map((title) => ({
          name: `Base ${title}`,
          tables: [{ title, records: 8, fields: 'few' as const }],
        })),
      },
    },
  });
  tables = tablesOf(installation);
});
afterAll(() => installation.close());

describe('a database of several data sources, one of them a wiki that lists the others', () => {
  it('becomes a table per data source, with pages for rows and nothing else', async () => {
    const summary = await installation.sync(
      { kind: 'all' },
      { batch_size: 5 },
      { source: ['wiki', 'inner', 'other'] },
    );
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

describe('a page that was moved to another data source', () => {
  it('is a row of its new table after the next sync', async () => {
    const { world } = installation.simulator;
    for (const title of ['Backlog', 'Archive']) await tables.sync(title);
    const [moved = ''] = world.ids('Backlog');
    world.editRecord('Backlog', moved, { Name: 'moved' });
    world.moveRecord('Backlog', moved, 'Archive');
    expect(await tables.sync('Archive')).toMatchObject({ mode: 'incremental', inserted: 1 });
    expect(await tables.row('Archive', moved)).toMatchObject({ name: 'moved', _deleted_at: null });
    expect(await tables.compare('Archive')).toEqual({ rows: 7, expected: 7, ...EXACT });
  });
});

describe('an Airtable base that was restored from a snapshot', () => {
  it('is another base with other records: a new source, while the old one fails and keeps its rows', async () => {
    const { world } = installation.simulator;
    const before = () => tables.sync('Before', { incremental: false });
    await before();
    world.setShared('Before', AIRTABLE_TOKEN, false);
    expect(await before()).toMatchObject({ status: 'failed', error: { type: 'Forbidden' } });
    expect(await tables.sync('Restored')).toMatchObject({ status: 'complete', inserted: 8 });
    expect(await tables.compare('Restored')).toEqual({ rows: 8, expected: 8, ...EXACT });
    expect((await tables.rows('Before')).size).toBe(8);
    expect(await tables.deleted('Before')).toEqual([]);
  });
});
