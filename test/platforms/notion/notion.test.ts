import { afterEach, describe, expect, it } from '@jest/globals';
import { notion } from '../../../src/platforms/notion/notion.ts';
import { rateRule } from '../../../src/platforms/notion/rate-rule.ts';
import { NOTION_TOKEN, startSimulator } from '../../../src/sim/simulator.ts';
import type { Simulator, SimulatorOptions, WorldSpec } from '../../../src/sim/simulator.ts';
import { connect, connectionTo, scan, unlimited } from './session.ts';

let sim: Simulator | undefined;
afterEach(async () => {
  await sim?.close();
  sim = undefined;
});

const world: WorldSpec = {
  notion: {
    databases: [
      { title: 'One', sources: [{ title: 'Alone', records: 3 }] },
      {
        title: 'Many',
        sources: [
          { title: 'First', records: 1 },
          { title: 'Second', records: 1 },
        ],
      },
    ],
  },
};

async function start(options: Partial<SimulatorOptions> = {}) {
  sim = await startSimulator({ world, ...options, notion: { rateLimit: 0, ...options.notion } });
  const session = connect(sim.notionUrl, NOTION_TOKEN);
  const refTo = (title: string) => ({ data_source: sim?.world.source(title).externalId ?? '' });
  return { sim, session, refTo };
}

describe('a reference', () => {
  const id = '1a2b3c4d-0000-4000-8000-00000000abcd';

  it('is the id of a data source in any spelling', () => {
    for (const spelling of [id, id.toUpperCase(), id.replaceAll('-', '')]) {
      const ref = notion.parseRef({ data_source: spelling });
      expect(ref).toEqual({ data_source: id });
      expect(notion.externalId(ref)).toBe(id);
    }
  });

  it('is refused with the name of what is wrong', () => {
    expect(() => notion.parseRef({ data_source: 'tasks' })).toThrow('ref.data_source');
    expect(() => notion.parseRef({ data_source: id, table: 'x' })).toThrow('ref.table');
    expect(() => notion.parseRef({})).toThrow('ref.data_source');
    expect(() => notion.parseRef('tasks')).toThrow('ref must be');
  });
});

describe('the rate', () => {
  it('is never more than its number of requests in a minute, ten seconds of them at once', () => {
    expect(rateRule('f', 3)).toEqual({
      key: 'notion:f',
      rate: 3,
      window_ms: 60_000,
      limit: 180,
      burst: 30,
    });
    expect(rateRule('f', 0.55)).toMatchObject({ limit: 33, burst: 5 });
  });

  it('stretches the window below one request a minute', () => {
    expect(rateRule('f', 0.05)).toMatchObject({ limit: 3, burst: 1, window_ms: 60_000 });
    expect(rateRule('f', 0.01)).toMatchObject({ limit: 1, burst: 1, window_ms: 100_000 });
  });

  it("is the plan's unless one is asked for, and rules every request", async () => {
    const { sim: server } = await start();
    const rates = async (plan: string | null, rate: number | null) => {
      const { requests, sent } = unlimited();
      const connection = { ...connectionTo(server.notionUrl, NOTION_TOKEN), plan, rate };
      await notion.connect(connection, requests).identify();
      return sent.map((rule) => rule.rate);
    };
    expect(await rates(null, null)).toEqual([3]);
    expect(await rates('business', null)).toEqual([10]);
    expect(await rates('business', 1)).toEqual([1]);
  });
});

describe('an account', () => {
  it('is named after its token', async () => {
    const { session } = await start();
    const identity = await session.identify();
    expect(identity.name).not.toBe('');
  });

  it('sees every data source once, those of a database with several too', async () => {
    const { session, sim: server } = await start();
    const found = [];
    for await (const source of session.discover()) found.push(source);
    expect(found.map((source) => source.title).toSorted()).toEqual(['Alone', 'First', 'Second']);
    for (const { title, external_id, ref } of found) {
      expect(external_id).toBe(server.world.source(title).externalId);
      expect(ref).toEqual({ data_source: external_id });
    }
  });

  it('sees them though search repeats a cursor once', async () => {
    const { session } = await start({
      world: {
        notion: {
          databases: Array.from({ length: 130 }, (_, n) => ({
            title: `Database ${n}`,
            sources: [{ title: `Source ${n}`, records: 0 }],
          })),
        },
      },
      faults: [{ path: '/search', nth: 2, effect: { kind: 'repeat cursor' } }],
    });
    const titles = new Set<string>();
    for await (const source of session.discover()) titles.add(source.title);
    expect(titles.size).toBe(130);
  });
});

describe('a data source', () => {
  it("is described by its properties' ids, decoded, with the server's time", async () => {
    const { session, refTo, sim: server } = await start({ now: () => Date.UTC(2026, 0, 2, 3) });
    const schema = await session.describe(refTo('Alone'));
    expect(schema).toMatchObject({ title: 'Alone', server_time: expect.any(String) });
    expect(schema.external_id).toBe(server.world.source('Alone').externalId);
    expect(Math.abs(Date.parse(schema.server_time) - server.clock.now())).toBeLessThan(2_000);
    expect(schema.fields.length).toBeGreaterThan(15);
    expect(schema.fields.find((field) => field.type === 'title')).toMatchObject({
      id: 'title',
      column_type: 'text',
    });
    const before = new Map(schema.fields.map((field) => [field.id, field.column_type]));
    expect(before.size).toBe(schema.fields.length);
  });

  it('fills every column of a record that has every type', async () => {
    const { session, refTo } = await start({
      world: {
        notion: {
          databases: [{ title: 'D', sources: [{ title: 'Alone', records: 200, awkward: true }] }],
        },
      },
    });
    const { fields } = await session.describe(refTo('Alone'));
    const columns = fields.map((field, index) => ({ ...field, column: `c${index}` }));
    const { batches } = await scan(session, refTo('Alone'), { columns });
    const records = batches.flatMap((batch) => batch.records);
    expect(records).toHaveLength(200);
    for (const [index, column] of columns.entries()) {
      const filled = records.some((record) => record.values[index] !== null);
      const reasoned = records.some((record) => record.errors?.[column.id] !== undefined);
      expect([column.type, filled || reasoned]).toEqual([column.type, true]);
    }
  });

  it('hashes a record the same on every read', async () => {
    const { session, refTo } = await start();
    const read = async () =>
      (await scan(session, refTo('Alone'))).batches.flatMap(({ records }) =>
        records.map(({ id, hash }) => [id, hash]),
      );
    expect(await read()).toEqual(await read());
  });
});

describe('a relation of 30', () => {
  it('is cut short by a query and read whole by its own endpoint', async () => {
    const {
      session,
      refTo,
      sim: server,
    } = await start({
      world: {
        notion: {
          databases: [
            {
              title: 'D',
              sources: [
                { title: 'Targets', records: 30, properties: 'few' },
                {
                  title: 'Alone',
                  records: 1,
                  properties: [
                    { name: 'Name', type: 'title' },
                    { name: 'Links', type: 'relation', to: 'Targets' },
                  ],
                },
              ],
            },
          ],
        },
      },
    });
    const targets = server.world.ids('Targets');
    const [page = ''] = server.world.ids('Alone');
    server.world.editProperty(
      'Alone',
      page,
      'Links',
      targets.map((id) => ({ id })),
    );
    const { fields } = await session.describe(refTo('Alone'));
    const columns = fields.map((field) => ({ ...field, column: field.name }));
    const links = columns.find((column) => column.name === 'Links');
    if (!links || !session.readValue) throw new Error('no column');

    const { batches } = await scan(session, refTo('Alone'), { columns });
    expect(batches[0]?.records[0]?.truncated).toEqual([links.id]);
    const whole = await session.readValue(refTo('Alone'), page, links);
    expect(whole).toEqual({ text: `{${targets.map((id) => `"${id}"`).join(',')}}` });
    expect(server.log.writes()).toEqual([]);
  });
});
