import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '@notionhq/client';
import { NO_LIMITS, startSimulator } from '../../src/sim/simulator.ts';
import type { Simulator } from '../../src/sim/simulator.ts';
import { failure, notionClient } from './clients.ts';

const MINUTE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000Z$/;

describe('the simulated Notion, through the official client', () => {
  let simulator: Simulator;
  let client: Client;
  let tasks: string;

  beforeAll(async () => {
    simulator = await startSimulator({
      world: {
        notion: {
          tokens: [
            { token: 'ntn_simulated_0001' },
            { token: 'ntn_simulated_small', shares: ['Small'], users: 'none' },
          ],
          databases: [
            {
              title: 'Board',
              sources: [
                { title: 'Tasks', records: 350, wiki: ['Small'] },
                { title: 'Small', records: 3 },
              ],
            },
          ],
        },
      },
      ...NO_LIMITS,
    });
    client = notionClient(simulator);
    tasks = simulator.world.source('Tasks').externalId;
  });
  afterAll(() => simulator.close());

  it('knows who the token is and which people it may see', async () => {
    expect((await client.users.me({})).type).toBe('bot');
    const { results, has_more } = await client.users.list({ page_size: 10 });
    expect([results.length, has_more]).toEqual([10, true]);
    const blind = notionClient(simulator, { token: 'ntn_simulated_small' });
    expect(await failure(blind.users.list({}))).toMatchObject({
      status: 403,
      code: 'restricted_resource',
    });
  });

  it('finds data sources by search, last edited first, and only those shared with the token', async () => {
    const filter = { property: 'object', value: 'data_source' } as const;
    expect((await client.search({ filter })).results.map(({ id }) => id)).toContain(tasks);
    const small = notionClient(simulator, { token: 'ntn_simulated_small' });
    expect((await small.search({ filter })).results).toHaveLength(1);
    expect(await failure(small.dataSources.retrieve({ data_source_id: tasks }))).toMatchObject({
      status: 404,
      code: 'object_not_found',
      message: expect.stringContaining('Could not find database with ID'),
    });
  });

  it('pages through search with the plain id of the next object as cursor', async () => {
    const first = await client.search({ page_size: 2 });
    const second = await client.search({ page_size: 2, start_cursor: String(first.next_cursor) });
    expect(second.results[0]?.id).toBe(first.next_cursor);
  });

  it('separates a database from its data sources', async () => {
    const source = await client.dataSources.retrieve({ data_source_id: tasks });
    expect(source).toMatchObject({ parent: { type: 'database_id' } });
    const id = (source as unknown as { parent: { database_id: string } }).parent.database_id;
    const database = await client.databases.retrieve({ database_id: id });
    expect(database).toMatchObject({
      object: 'database',
      data_sources: [
        { id: tasks, name: 'Tasks' },
        { id: simulator.world.source('Small').externalId, name: 'Small' },
      ],
    });
    expect((database as { created_time: string }).created_time).toMatch(/\+00:00$/);
  });

  it('gives every row exactly once over the pages of a query, oldest first when asked', async () => {
    const ids: string[] = [];
    const times: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await client.dataSources.query({
        data_source_id: tasks,
        sorts: [{ timestamp: 'created_time', direction: 'ascending' }],
        ...(cursor === null ? {} : { start_cursor: cursor }),
      });
      for (const row of page.results as { object: string; id: string; created_time: string }[]) {
        if (row.object === 'page') ids.push(row.id);
        times.push(row.created_time);
      }
      cursor = page.next_cursor;
      if (cursor !== null) expect(cursor).toMatch(/^s:[0-9a-f-]{36}:[0-9a-f-]{36}$/);
    } while (cursor !== null);
    expect(ids).toEqual(simulator.world.ids('Tasks'));
    expect(times).toEqual([...times].sort());
    expect(times.every((time) => MINUTE.test(time))).toBe(true);
  });

  it('lists a data source among the rows of a wiki', async () => {
    const { results } = await client.dataSources.query({
      data_source_id: tasks,
      sorts: [{ timestamp: 'created_time', direction: 'ascending' }],
    });
    expect(results[0]).toMatchObject({ object: 'data_source' });
    const only = await client.dataSources.query({
      data_source_id: tasks,
      result_type: 'data_source',
    });
    expect(only.results.map(({ object }) => object)).toEqual(['data_source']);
  });

  it('filters by windows of time and gives the newest first without sorts', async () => {
    const truth = simulator.world.truth('Tasks');
    const created = (id: string) => String(truth.records.get(id)?.created_time);
    const [from, to] = [created(truth.ids[100] ?? ''), created(truth.ids[150] ?? '')];
    const { results } = await client.dataSources.query({
      data_source_id: tasks,
      filter: {
        and: [
          { timestamp: 'created_time', created_time: { on_or_after: from } },
          { timestamp: 'created_time', created_time: { before: to } },
        ],
      },
    });
    expect(results.map(({ id }) => id)).toEqual(truth.ids.slice(100, 150).reverse());
  });

  it.each([
    [{ property: 'Done', checkbox: { equals: true } }],
    [{ property: 'Points', number: { greater_than: 500 } }],
    [{ property: 'Status', status: { equals: 'Done' } }],
    [{ property: 'Name', title: { contains: 'search' } }],
    [{ property: 'Due', date: { is_empty: true } }],
    [{ property: 'Tags', multi_select: { does_not_contain: 'design' } }],
    [{ property: 'Label', formula: { string: { is_not_empty: true } } }],
    [{ property: 'ID', unique_id: { less_than_or_equal_to: 100 } }],
  ])('filters by property: %j', async (filter) => {
    const ask = (body: object) =>
      client.request<{ results: { id: string }[] }>({
        path: `data_sources/${tasks}/query`,
        method: 'post',
        body: { ...body },
      });
    const found = await ask({ filter });
    expect(found.results.length).toBeGreaterThan(0);
    expect(found.results.length).toBeLessThanOrEqual(100);
    const all = await ask({});
    expect(found.results.map(({ id }) => id)).not.toEqual(all.results.map(({ id }) => id));
  });

  it('keeps only the chosen properties, by encoded id', async () => {
    const { properties } = await client.dataSources.retrieve({ data_source_id: tasks });
    const chosen = [properties.Points?.id ?? '', properties.Name?.id ?? ''];
    const { results } = await client.dataSources.query({
      data_source_id: tasks,
      page_size: 1,
      filter_properties: chosen,
    });
    expect(Object.keys((results[0] as { properties: object }).properties)).toEqual([
      'Name',
      'Points',
    ]);
  });

  it('cuts relations at 25 and gives them whole by property item', async () => {
    const truth = simulator.world.truth('Tasks');
    const id = truth.ids[5] ?? '';
    const page = (await client.pages.retrieve({ page_id: id })) as unknown as {
      properties: Record<string, { id: string; relation: { id: string }[]; has_more: boolean }>;
    };
    const cut = page.properties.Related;
    expect([cut?.relation.length, cut?.has_more]).toEqual([25, true]);
    const whole: string[] = [];
    let cursor: string | undefined;
    do {
      const item = (await client.pages.properties.retrieve({
        page_id: id,
        property_id: cut?.id ?? '',
        page_size: 20,
        ...(cursor === undefined ? {} : { start_cursor: cursor }),
      })) as { results: { relation: { id: string } }[]; next_cursor: string | null };
      whole.push(...item.results.map(({ relation }) => relation.id));
      cursor = item.next_cursor ?? undefined;
    } while (cursor !== undefined);
    const properties = truth.records.get(id)?.properties as Record<
      string,
      { relation: { id: string }[] }
    >;
    expect(whole).toEqual(properties.Related?.relation.map((related) => related.id));
    expect(whole).toHaveLength(26);
  });

  it('signs hosted files anew on every reading', async () => {
    const read = async () =>
      JSON.stringify(await client.dataSources.query({ data_source_id: tasks, page_size: 20 }));
    const urls = async () => (await read()).match(/https:\/\/prod-files[^"]+/g) ?? [];
    const [first, second] = [await urls(), await urls()];
    expect(first.length).toBeGreaterThan(0);
    expect(second[0]).not.toBe(first[0]);
    expect(second.map((url) => url.split('?')[0])).toEqual(first.map((url) => url.split('?')[0]));
  });

  it('shows `archived` only before 2026-03-11', async () => {
    const id = simulator.world.ids('Tasks')[0] ?? '';
    const ask = (version: '2025-09-03' | '2026-03-11') =>
      notionClient(simulator, { version }).pages.retrieve({ page_id: id });
    expect(await ask('2025-09-03')).toHaveProperty('archived', false);
    expect(await ask('2026-03-11')).not.toHaveProperty('archived');
  });

  it('refuses what the real API refuses', async () => {
    const query = (body: object) =>
      failure(
        client.request({ path: `data_sources/${tasks}/query`, method: 'post', body: { ...body } }),
      );
    const invalid = { status: 400, code: 'validation_error' };
    expect(await query({ page_size: 101 })).toMatchObject(invalid);
    expect(await query({ start_cursor: 's:unknown' })).toMatchObject({
      ...invalid,
      message: 'The start_cursor provided is invalid: s:unknown',
    });
    expect(await query({ filter: { and: [{ or: [{ and: [] }] }] } })).toMatchObject(invalid);
    expect(
      await query({ filter: { property: 'Nothing', checkbox: { equals: true } } }),
    ).toMatchObject(invalid);
    expect(await query({ filter: { property: 'Points', title: { contains: 'x' } } })).toMatchObject(
      invalid,
    );
    expect(
      await failure(
        client.pages.update({ page_id: simulator.world.ids('Tasks')[0] ?? '', in_trash: true }),
      ),
    ).toMatchObject({ status: 403, code: 'restricted_resource' });
    expect(simulator.log.writes()).toHaveLength(1);
  });

  it('asks for a known version after a known token', async () => {
    const ask = async (headers: Record<string, string>) => {
      const answer = await fetch(`${simulator.notionUrl}/v1/users/me`, { headers });
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    expect(await ask({})).toEqual([401, 'unauthorized']);
    expect(await ask({ authorization: 'Bearer ntn_simulated_0001' })).toEqual([
      400,
      'missing_version',
    ]);
    expect(
      await ask({ authorization: 'Bearer ntn_simulated_0001', 'notion-version': '2022-06-28' }),
    ).toEqual([400, 'missing_version']);
  });
});
