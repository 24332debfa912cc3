import { describe, expect, it } from '@jest/globals';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { failure, listAllRecords, notionClient, withSimulator } from './clients.ts';

const WORLD = simpleWorld({ notion: { Tasks: 40, Archive: 5 }, airtable: { Contacts: 30 } });

type Properties = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const propertiesOf = (page: unknown) => (page as { properties: Properties }).properties;

describe('the world behind the simulators', () => {
  it('is the same for the same seed and another for another', async () => {
    const ids = async (seed: number) => {
      let found: readonly string[] = [];
      await withSimulator({ world: WORLD, seed }, async ({ world }) => {
        found = [...world.ids('Tasks'), ...world.ids('Contacts')];
      });
      return found;
    };
    expect(await ids(1)).toEqual(await ids(1));
    const both = [...(await ids(1)), ...(await ids(2))];
    expect(new Set(both).size).toBe(both.length);
  });

  it('edits a page now: its value and its minute change, and the truth with them', () =>
    withSimulator(
      { world: WORLD, now: () => Date.UTC(2026, 10, 1, 12, 0, 59) },
      async (simulator) => {
        const { world, clock } = simulator;
        const [id = ''] = world.ids('Tasks');
        clock.advance(60_000);
        world.editRecord('Tasks', id, {
          Name: 'New name',
          Status: 'Blocked',
          Points: 12.5,
          Related: [],
        });
        const page = (await notionClient(simulator, { version: '2026-03-11' }).pages.retrieve({
          page_id: id,
        })) as unknown as { last_edited_time: string; properties: Properties };
        expect(page.last_edited_time).toBe('2026-11-01T12:01:00.000Z');
        expect(page.properties.Points).toMatchObject({ number: 12.5 });
        expect(page.properties.Status).toMatchObject({ status: { name: 'Blocked' } });
        expect(page.properties.Label).toMatchObject({ formula: { string: 'New name (12.5)' } });
        const truth = propertiesOf(world.truth('Tasks').records.get(id));
        expect(truth.Name).toEqual(page.properties.Name);
      },
    ));

  it('trashes and restores within a minute without a trace in the time, and purges to 404', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      const { world } = simulator;
      const client = notionClient(simulator);
      const [id = ''] = world.createRecords('Tasks', 1);
      const before = world.record('Tasks', id);
      world.deleteRecord('Tasks', id);
      expect(await client.pages.retrieve({ page_id: id })).toMatchObject({ in_trash: true });
      expect(world.truth('Tasks')).toMatchObject({ trashed: [id] });
      expect(world.ids('Tasks')).not.toContain(id);
      world.restoreRecord('Tasks', id);
      expect(world.record('Tasks', id)).toMatchObject({
        last_edited_time: expect.stringMatching(/:00\.000Z$/),
        created_time: before?.created_time,
      });
      world.purgeRecord('Tasks', id);
      expect(await failure(client.pages.retrieve({ page_id: id }))).toMatchObject({ status: 404 });
    }));

  it('moves a page to another data source under the same id', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      const { world } = simulator;
      const [id = ''] = world.ids('Tasks');
      const name = propertiesOf(world.record('Tasks', id)).Name;
      world.moveRecord('Tasks', id, 'Archive');
      expect(world.ids('Tasks')).not.toContain(id);
      const page = await notionClient(simulator).pages.retrieve({ page_id: id });
      expect(page).toMatchObject({
        parent: { data_source_id: world.source('Archive').externalId },
        properties: { Name: name },
      });
    }));

  it('keeps the id of a renamed property, and gives a new one to a property made again', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      const { world } = simulator;
      const client = notionClient(simulator);
      const properties = async () =>
        (await client.dataSources.retrieve({ data_source_id: world.source('Tasks').externalId }))
          .properties;
      const { Points: old } = await properties();
      world.renameProperty('Tasks', 'Points', 'Effort');
      expect((await properties()).Effort?.id).toBe(old?.id);
      world.removeProperty('Tasks', 'Effort');
      const id = world.addProperty('Tasks', { name: 'Points', type: 'number' });
      expect((await properties()).Points?.id).toBe(id);
      expect(id).not.toBe(old?.id);
      const [record] = world.truth('Tasks').records.values();
      expect(propertiesOf(record).Points).toEqual({
        id,
        type: 'number',
        number: null,
      });
    }));

  it('converts values when a property changes its type', () =>
    withSimulator({ world: WORLD }, async ({ world }) => {
      const [first = '', second = ''] = world.ids('Tasks');
      world.editProperty('Tasks', first, 'Notes', '12');
      world.editProperty('Tasks', second, 'Notes', 'abc');
      world.changePropertyType('Tasks', 'Notes', 'number');
      const number = (id: string) => propertiesOf(world.record('Tasks', id)).Notes?.number;
      expect([number(first), number(second)]).toEqual([12, null]);
    }));

  it('renames options without an edit: Notion keeps their id, Airtable shows the new name', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      const { world } = simulator;
      const edited = () =>
        [...world.truth('Tasks').records.values()].map((page) => page.last_edited_time);
      const before = edited();
      world.renameOption('Tasks', 'Status', 'Done', 'Finished');
      expect(edited()).toEqual(before);
      world.renameOption('Contacts', 'Status', 'Done', 'Finished');
      const records = await listAllRecords(simulator, world.source('Contacts').externalId);
      const names = records.map(({ fields }) => fields.Status);
      expect(names).toContain('Finished');
      expect(names).not.toContain('Done');
    }));

  it('clears an option that is removed from every cell', () =>
    withSimulator({ world: WORLD }, async ({ world }) => {
      const statuses = () =>
        [...world.truth('Tasks').records.values()].map((page) => propertiesOf(page).Status?.status);
      const done = (status: unknown) => JSON.stringify(status).includes('Done');
      const empty = statuses().filter((status) => status === null).length;
      const lost = statuses().filter(done).length;
      world.removeOption('Tasks', 'Status', 'Done');
      expect(statuses().filter((status) => status === null)).toHaveLength(empty + lost);
      expect(lost).toBeGreaterThan(0);
    }));

  it('takes a source away from a token without a trace of its records', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      const { world } = simulator;
      world.setShared('Tasks', 'ntn_simulated_0001', false);
      const client = notionClient(simulator);
      const data_source_id = world.source('Tasks').externalId;
      expect(await failure(client.dataSources.query({ data_source_id }))).toMatchObject({
        status: 404,
      });
      const [id = ''] = world.ids('Tasks');
      expect(await failure(client.pages.retrieve({ page_id: id }))).toMatchObject({ status: 404 });
      world.setShared('Tasks', 'ntn_simulated_0001', true);
      expect((await client.dataSources.query({ data_source_id })).results).toHaveLength(40);
    }));

  it('serves what Postgres refuses only in sources that ask for it', () =>
    withSimulator(
      {
        world: {
          notion: {
            databases: [{ title: 'X', sources: [{ title: 'X', records: 300, awkward: true }] }],
          },
        },
      },
      async (simulator) => {
        const text = JSON.stringify([...simulator.world.truth('X').records.values()]);
        expect(text).toContain('\\u0000');
        expect(text).toContain('\\ud83d ');
        expect(text).toContain('1e+21');
      },
    ));

  it('gives a page another body, with the time of an edit or without', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      const { world } = simulator;
      const client = notionClient(simulator, { version: '2026-03-11' });
      const [id = ''] = world.ids('Tasks');
      const body = () => client.pages.retrieveMarkdown({ page_id: id });
      const edited = () => world.record('Tasks', id)?.['last_edited_time'];
      expect(await body()).toMatchObject({ markdown: world.body('Tasks', id), truncated: false });
      const before = edited();
      world.editBody('Tasks', id, 'silent', { moveTime: false, truncated: true });
      expect(await body()).toMatchObject({ markdown: 'silent', truncated: true });
      expect(edited()).toBe(before);
      world.editBody('Tasks', id, 'seen', { unknownBlocks: ['b'] });
      expect(await body()).toMatchObject({
        markdown: 'seen',
        truncated: false,
        unknown_block_ids: ['b'],
      });
      expect(edited()).not.toBe(before);
    }));

  it('lists users who left no more', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      const { world } = simulator;
      const client = notionClient(simulator, { version: '2026-03-11' });
      const [id = ''] = world.userIds();
      world.userLeaves(id);
      const { results } = await client.users.list({});
      expect(results.map((user) => user.id)).toEqual(expect.arrayContaining([...world.userIds()]));
      expect(results.map((user) => user.id)).not.toContain(id);
    }));

  it('tells the truth as the API does', () =>
    withSimulator(
      { world: WORLD, notion: { relationCut: 0, rollupCut: 0, peopleCut: 0 } },
      async (simulator) => {
        const unsigned = (value: unknown) =>
          JSON.stringify(value).replaceAll(/\?X-Amz-[^"]*|"expiry_time":"[^"]*"/g, '');
        const { world } = simulator;
        const client = notionClient(simulator, { version: '2026-03-11' });
        const { results } = await client.dataSources.query({
          data_source_id: world.source('Tasks').externalId,
          sorts: [{ timestamp: 'created_time', direction: 'ascending' }],
        });
        expect(results.map(unsigned)).toEqual(
          [...world.truth('Tasks').records.values()].map(unsigned),
        );
        const records = await listAllRecords(simulator, world.source('Contacts').externalId);
        const link = (value: unknown) =>
          JSON.stringify(value).replaceAll(/"url":"https:\/\/v5[^"]*"/g, '');
        expect(records.map(link)).toEqual([...world.truth('Contacts').records.values()].map(link));
      },
    ));

  it('holds far more rows than one query gives, and reads any window of them', () =>
    withSimulator({ world: simpleWorld({ notion: { Big: 100_000 } }) }, async (simulator) => {
      const { externalId, records } = simulator.world.source('Big');
      expect(records).toBe(100_000);
      const ids = simulator.world.ids('Big');
      const at = String(simulator.world.record('Big', ids[50_000] ?? '')?.created_time);
      const { results } = await notionClient(simulator).dataSources.query({
        data_source_id: externalId,
        sorts: [{ timestamp: 'created_time', direction: 'ascending' }],
        filter: { timestamp: 'created_time', created_time: { on_or_after: at } },
      });
      expect(results.map(({ id }) => id)).toContain(ids[50_000]);
    }));
});
