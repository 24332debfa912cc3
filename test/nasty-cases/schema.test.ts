import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { EXACT, tablesOf } from '../support/tables.ts';

let installation: TestInstallation;
let tables: ReturnType<typeof tablesOf>;

/** Names that are legal on the platforms and awkward as column names. */
const HOSTILE = [
  'a'.repeat(200),
  'é'.repeat(60),
  `${'x'.repeat(62)}1`,
  `${'x'.repeat(62)}2`,
  '🎉',
  '"; drop table notes; --',
  '100 %',
  '..',
  'Total',
  'TOTAL',
  'total ',
  ' ',
  'id',
  '_id',
  '_synced_at',
  '_more',
  'select',
];
const FIELDS = 500;

beforeAll(async () => {
  const notion = (title: string) => ({ title, records: 6, properties: 'few' as const });
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          {
            title: 'Database',
            sources: [
              ...['Renamed', 'Namesake', 'Retyped', 'Options'].map(notion),
              { title: 'Unknown', records: 40 },
            ],
          },
        ],
      },
      airtable: {
        bases: [
          {
            name: 'Base',
            tables: [
              ...['Fields', 'Choices'].map((title) => ({
                title,
                records: 6,
                fields: 'few' as const,
              })),
              { title: 'Novel', records: 40 },
              {
                title: 'Wide',
                records: 5,
                fields: Array.from({ length: FIELDS }, (_, i) => ({
                  name: HOSTILE[i] ?? `Field ${i}`,
                  type: i % 2 === 0 ? 'singleLineText' : 'number',
                })),
              },
            ],
          },
        ],
      },
    },
  });
  tables = tablesOf(installation);
});
afterAll(() => installation.close());
afterEach(() => {
  installation.simulator.faults.clear();
  expect(installation.simulator.log.writes()).toEqual([]);
});

const first = (title: string) => installation.simulator.world.ids(title)[0] ?? '';

describe('a property that is renamed between the reading of the schema and of the rows', () => {
  it('keeps its values, and its column gets the new name with the next sync', async () => {
    const { world, faults } = installation.simulator;
    world.editRecord('Renamed', first('Renamed'), { Notes: 'kept' });
    const path = `/v1/data_sources/${world.source('Renamed').externalId}/query`;
    faults.add({
      path,
      effect: { kind: 'run', run: () => world.renameProperty('Renamed', 'Notes', 'Remarks') },
    });
    expect(await tables.sync('Renamed')).toMatchObject({ status: 'complete', inserted: 6 });
    expect(await tables.row('Renamed', first('Renamed'))).toMatchObject({ notes: 'kept' });
    expect(await tables.sync('Renamed')).toMatchObject({ status: 'complete' });
    expect(await tables.row('Renamed', first('Renamed'))).toMatchObject({ remarks: 'kept' });
    expect(Object.keys(await tables.columns('Renamed'))).not.toContain('notes');
    expect(await tables.compare('Renamed')).toMatchObject(EXACT);
  });

  it('keeps its values in Airtable too, where asking for it by name would be refused', async () => {
    const { world, faults, log } = installation.simulator;
    world.editRecord('Fields', first('Fields'), { Notes: 'kept' });
    const path = `/v0/${world.source('Fields').externalId}`;
    faults.add({
      path,
      effect: { kind: 'run', run: () => world.renameProperty('Fields', 'Notes', 'Remarks') },
    });
    expect(await tables.sync('Fields')).toMatchObject({ status: 'complete', inserted: 6 });
    expect(await tables.row('Fields', first('Fields'))).toMatchObject({ notes: 'kept' });
    await tables.sync('Fields');
    expect(await tables.row('Fields', first('Fields'))).toMatchObject({ remarks: 'kept' });
    expect(log.count({ status: 422 })).toBe(0);
  });
});

describe('a property that is deleted and made again under its old name', () => {
  it('gets a column of its own, and what the old one held stays in the old one', async () => {
    const { world } = installation.simulator;
    const id = first('Namesake');
    world.editRecord('Namesake', id, { Points: 12 });
    await tables.sync('Namesake');
    world.removeProperty('Namesake', 'Points');
    world.addProperty('Namesake', { name: 'Points', type: 'number' });
    world.editRecord('Namesake', id, { Points: 99 });
    expect(await tables.sync('Namesake')).toMatchObject({ status: 'complete', mode: 'full' });
    const row = await tables.row('Namesake', id);
    const columns = Object.keys(await tables.columns('Namesake')).filter((name) =>
      name.startsWith('points'),
    );
    expect(columns).toHaveLength(2);
    expect(columns.map((name) => row[name])).toEqual(['12', '99']);
    expect(await tables.compare('Namesake')).toMatchObject(EXACT);
  });
});

describe('a property that changes its type, and changes it again', () => {
  it('has a column of the new type with the converted values, and no batch fails', async () => {
    const { world } = installation.simulator;
    const [a = '', b = ''] = world.ids('Retyped');
    world.editRecord('Retyped', a, { Points: 12.5 });
    world.editRecord('Retyped', b, { Points: null });
    await tables.sync('Retyped');
    expect((await tables.columns('Retyped'))['points']).toBe('numeric');

    world.changePropertyType('Retyped', 'Points', 'rich_text');
    world.editRecord('Retyped', b, { Points: 'not a number' });
    expect(await tables.sync('Retyped')).toMatchObject({ status: 'complete', mode: 'full' });
    expect((await tables.columns('Retyped'))['points']).toBe('text');
    expect(await tables.row('Retyped', a)).toMatchObject({ points: '12.5', _errors: null });
    expect(await tables.row('Retyped', b)).toMatchObject({ points: 'not a number' });

    world.changePropertyType('Retyped', 'Points', 'select');
    world.editRecord('Retyped', a, { Points: 'High' });
    expect(await tables.sync('Retyped')).toMatchObject({ status: 'complete', mode: 'full' });
    expect(await tables.row('Retyped', a)).toMatchObject({ points: 'High', _errors: null });
    expect(await tables.row('Retyped', b)).toMatchObject({ points: null });
    expect(await tables.compare('Retyped')).toMatchObject(EXACT);
  });

  it('in the middle of a scan makes values NULL with the reason, never the scan fail', async () => {
    const { world, faults } = installation.simulator;
    const [a = ''] = world.ids('Retyped');
    const path = `/v1/data_sources/${world.source('Retyped').externalId}/query`;
    const run = () => {
      world.changePropertyType('Retyped', 'Tags', 'number');
      world.editRecord('Retyped', a, { Tags: 5 });
    };
    faults.add({ path, effect: { kind: 'run', run } });
    expect(await tables.full('Retyped')).toMatchObject({ status: 'complete' });
    expect(await tables.row('Retyped', a)).toMatchObject({
      tags: null,
      _errors: { tags: expect.stringContaining('not a list') },
    });
    expect(await tables.sync('Retyped')).toMatchObject({ status: 'complete', mode: 'full' });
    expect(await tables.row('Retyped', a)).toMatchObject({ tags: '5', _errors: null });
  });
});

describe('an option', () => {
  it('of Notion that is renamed or removed is so in every row after a full scan; look-alikes stay apart', async () => {
    const { world } = installation.simulator;
    world.addProperty('Options', { name: 'Size', type: 'select', options: ['low', 'Low', 'low '] });
    world.addProperty('Options', { name: 'Weight', type: 'select', options: ['low'] });
    const ids = world.ids('Options');
    const sizes = ['low', 'Low', 'low ', 'low', 'Low', 'low '];
    for (const [i, id] of ids.entries()) {
      world.editRecord('Options', id, { Size: sizes[i], Weight: 'low' });
    }
    await tables.sync('Options');
    const column = async (name: string) => {
      const rows = await tables.rows('Options');
      return ids.map((id) => rows.get(id)?.[name]);
    };
    expect(await column('size')).toEqual(sizes);
    world.renameOption('Options', 'Size', 'low', 'lowest');
    world.removeOption('Options', 'Size', 'Low');
    expect(await tables.full('Options')).toMatchObject({ status: 'complete', updated: 4 });
    expect(await column('size')).toEqual(['lowest', null, 'low ', 'lowest', null, 'low ']);
    expect(await column('weight')).toEqual(ids.map(() => 'low'));
    expect(await tables.compare('Options')).toMatchObject(EXACT);
  });

  it('of Airtable that is renamed has its new name in every row after a full scan', async () => {
    const { world } = installation.simulator;
    const ids = world.ids('Choices');
    const states = ['Todo', 'todo', 'Todo ', 'Done', 'Todo', 'Done'];
    for (const [i, id] of ids.entries()) {
      world.editRecord('Choices', id, { Status: states[i], Tags: ['red', 'a, b'] });
    }
    await tables.sync('Choices');
    world.renameOption('Choices', 'Status', 'Todo', 'Open');
    world.removeOption('Choices', 'Status', 'Done');
    world.renameOption('Choices', 'Tags', 'red', 'crimson');
    expect(await tables.full('Choices')).toMatchObject({ status: 'complete', updated: 6 });
    const rows = await tables.rows('Choices');
    expect(ids.map((id) => rows.get(id)?.['status'])).toEqual([
      'Open',
      'todo',
      'Todo ',
      null,
      'Open',
      null,
    ]);
    expect(rows.get(ids[0] ?? '')?.['tags']).toEqual(['crimson', 'a, b']);
    expect(await tables.compare('Choices')).toMatchObject(EXACT);
  });
});

describe('a table of 500 fields with names that no column can have', () => {
  it('has a column for each, always the same one, and none meets a system column', async () => {
    const { world } = installation.simulator;
    expect(await tables.sync('Wide')).toMatchObject({ status: 'complete', inserted: 5 });
    const columns = await tables.columns('Wide');
    expect(Object.keys(columns)).toHaveLength(FIELDS);
    for (const name of Object.keys(columns))
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
    const { rows: known } = await installation.database.pool.query<{ id: string; name: string }>(
      `select field_id as id, column_name as name from appsync.source_column c
         join appsync.source s on s.id = c.source_id where s.alias = 'wide'`,
    );
    const rows = await tables.rows('Wide');
    const truth = world.truth('Wide', { fieldsById: true });
    for (const [id, record] of truth.records) {
      const cells = record['fields'] as Readonly<Record<string, unknown>>;
      for (const { id: field, name } of known) {
        const cell = cells[field];
        const expected = typeof cell === 'string' ? cell : cell === undefined ? null : Number(cell);
        const found = rows.get(id)?.[name];
        expect(typeof expected === 'number' ? Number(found) : found).toBe(expected);
      }
    }
    expect(await tables.full('Wide')).toMatchObject({ updated: 0, unchanged: 5 });
    expect(await tables.columns('Wide')).toEqual(columns);
    expect(await tables.compare('Wide')).toMatchObject(EXACT);
  });
});

describe('a type that nobody knows yet', () => {
  it.each([
    ['Unknown', 'résumé_ia', 'ai_block_of_the_future'],
    ['Novel', 'mystère', 'fieldOfTheFuture'],
  ])('is kept as it comes, as jsonb: %s', async (title, column, type) => {
    const summary = await tables.sync(title);
    expect(summary).toMatchObject({ status: 'complete', inserted: 40 });
    expect((await tables.columns(title))[column]).toBe('jsonb');
    const rows = [...(await tables.rows(title)).values()];
    const kept = rows.map((row) => row[column]).filter((value) => value !== null);
    expect(kept.length).toBeGreaterThan(20);
    for (const value of kept) expect(value).toEqual({ opaque: expect.any(Number) });
    for (const row of rows) expect(row['_errors'] ?? {}).not.toHaveProperty(column);
    const { rows: described } = await installation.database.pool.query<{ type: string }>(
      'select field_type as type from appsync.source_column where column_name = $1',
      [column],
    );
    expect(described.map((field) => field.type)).toContain(type);
    expect(await tables.compare(title)).toMatchObject(EXACT);
  });
});
