import { describe, expect, it } from '@jest/globals';
import { simpleWorld } from '../../src/sim/simulator.ts';
import type { Fault } from '../../src/sim/simulator.ts';
import { failure, listRecords, notionClient, withSimulator } from './clients.ts';

const WORLD = simpleWorld({ notion: { Tasks: 120 }, airtable: { Contacts: 120 } });

describe('faults', () => {
  it('hit the nth matching request and no other', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      simulator.faults.add({
        platform: 'notion',
        method: 'GET',
        path: '/users',
        nth: 2,
        times: 2,
        effect: { kind: 'named', name: 'notion rate limited', retryAfter: 7 },
      });
      const client = notionClient(simulator);
      await client.search({});
      await client.users.me({});
      const limited = await failure(client.users.me({}));
      expect(limited).toMatchObject({ status: 429, code: 'rate_limited' });
      expect((limited.headers as Headers).get('retry-after')).toBe('7');
      expect(await failure(client.users.me({}))).toMatchObject({ status: 429 });
      await client.users.me({});
      expect(simulator.log.requests({ path: '/users' }).map(({ status }) => status)).toEqual([
        200, 429, 429, 200,
      ]);
    }));

  it.each([
    [{ kind: 'named', name: 'bad gateway' }, { status: 502 }],
    [
      { kind: 'named', name: 'notion unavailable' },
      { status: 503, code: 'service_unavailable' },
    ],
    [{ kind: 'named', name: 'notion overloaded' }, { status: 529 }],
    [{ kind: 'named', name: 'plain text 400' }, { status: 400 }],
    [
      { kind: 'answer', status: 409, body: { object: 'error', code: 'conflict_error' } },
      { status: 409 },
    ],
    [{ kind: 'truncate', afterBytes: 10 }, { name: 'SyntaxError' }],
    [{ kind: 'reset' }, { name: 'TypeError' }],
    [{ kind: 'reset', afterBytes: 10 }, { name: 'TypeError' }],
    [{ kind: 'stall headers' }, { code: 'notionhq_client_request_timeout' }],
  ] as const)('reach the Notion client as they would: %j', (effect, expected) =>
    withSimulator({ world: WORLD, faults: [{ effect } as Fault] }, async (simulator) => {
      const client = notionClient(simulator, { timeoutMs: 200 });
      expect(await failure(client.users.me({}))).toMatchObject(expected);
      expect((await client.users.me({})).type).toBe('bot');
    }),
  );

  it.each([
    [{ kind: 'named', name: 'airtable rate limited' }, { statusCode: 429 }],
    [
      { kind: 'named', name: 'airtable iterator lost' },
      { error: 'LIST_RECORDS_ITERATOR_NOT_AVAILABLE' },
    ],
    [{ kind: 'named', name: 'airtable retriable' }, { statusCode: 503 }],
    [{ kind: 'truncate', afterBytes: 10 }, { error: 'UNEXPECTED_ERROR' }],
    [{ kind: 'reset' }, { error: 'CONNECTION_ERROR' }],
  ] as const)('reach the Airtable client as they would: %j', (effect, expected) =>
    withSimulator({ world: WORLD, faults: [{ effect } as Fault] }, async (simulator) => {
      const source = simulator.world.source('Contacts').externalId;
      expect(await failure(listRecords(simulator, source))).toMatchObject(expected);
      expect((await listRecords(simulator, source)).records).toHaveLength(100);
    }),
  );

  it('can stall in the middle of a body until the simulator closes', async () => {
    let body: Promise<string> | undefined;
    await withSimulator(
      { world: WORLD, faults: [{ effect: { kind: 'stall body', afterBytes: 20 } }] },
      async (simulator) => {
        const answer = await fetch(`${simulator.notionUrl}/v1/users/me`);
        const reader = answer.body?.getReader();
        const { value } = (await reader?.read()) ?? {};
        expect(value?.length).toBe(20);
        body = reader?.read().then(() => 'more');
      },
    );
    await expect(body).rejects.toThrow();
  });

  it('can repeat a cursor for ever', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      simulator.faults.add({ path: '/query', nth: 2, times: 0, effect: { kind: 'repeat cursor' } });
      const client = notionClient(simulator);
      const data_source_id = simulator.world.source('Tasks').externalId;
      const first = await client.dataSources.query({ data_source_id });
      const start_cursor = String(first.next_cursor);
      const second = await client.dataSources.query({ data_source_id, start_cursor });
      expect([second.next_cursor, second.has_more]).toEqual([first.next_cursor, true]);
    }));

  it('can change the world at the moment of a request', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      const run = () => simulator.world.setRevoked('ntn_simulated_0001', true);
      simulator.faults.add({ nth: 2, effect: { kind: 'run', run } });
      const client = notionClient(simulator);
      await client.users.me({});
      expect(await failure(client.users.me({}))).toMatchObject({
        status: 401,
        code: 'unauthorized',
      });
    }));

  it('come as a storm that is the same for the same seed', async () => {
    const statuses = async () => {
      let seen: readonly number[] = [];
      await withSimulator({ world: WORLD }, async (simulator) => {
        simulator.faults.storm({ rate: 0.4, seed: 7, platform: 'airtable' });
        const source = simulator.world.source('Contacts').externalId;
        for (let i = 0; i < 20; i += 1) await listRecords(simulator, source).catch(() => undefined);
        simulator.faults.clear();
        await listRecords(simulator, source);
        seen = simulator.log.requests().map(({ status }) => status);
      });
      return seen;
    };
    const first = await statuses();
    expect(await statuses()).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(2);
    expect(first.at(-1)).toBe(200);
  });
});
