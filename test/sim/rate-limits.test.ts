import { describe, expect, it } from '@jest/globals';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { airtableRequest, failure, listRecords, notionClient, withSimulator } from './clients.ts';

const WORLD = simpleWorld({ notion: { Tasks: 10 }, airtable: { Contacts: 10, Orders: 10 } });
const times = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('rate limits', () => {
  it('gives Notion a budget per window that may be used as a burst', () =>
    withSimulator({ world: WORLD, notion: { rateLimit: 180 } }, async (simulator) => {
      const client = notionClient(simulator);
      await Promise.all(times(180).map(() => client.users.me({})));
      const error = await failure(client.users.me({}));
      expect(error).toMatchObject({
        status: 429,
        code: 'rate_limited',
        additional_data: { rate_limit_reason: 'public_api_request_rate_limit' },
      });
      const wait = Number((error.headers as Headers).get('retry-after'));
      expect(wait).toBeGreaterThan(50);
      expect(wait).toBeLessThanOrEqual(60);
      simulator.clock.advance(wait * 1000);
      await client.users.me({});
      expect(simulator.log.count({ status: 429 })).toBe(1);
      expect(simulator.log.maxInWindow(60_000)).toBe(182);
    }));

  it('counts all tokens of a workspace together when it has a budget', () =>
    withSimulator({ world: WORLD, notion: { workspaceRateLimit: 1 } }, async (simulator) => {
      const client = notionClient(simulator);
      await client.users.me({});
      expect(await failure(client.users.me({}))).toMatchObject({
        additional_data: { rate_limit_reason: 'public_api_space_request_rate_limit' },
      });
    }));

  it('locks an Airtable base out after the sixth request within a second, and no other base', () =>
    withSimulator({ world: WORLD, airtable: { rateLimit: 5 } }, async (simulator) => {
      const source = simulator.world.source('Contacts').externalId;
      for (let i = 0; i < 5; i += 1) await listRecords(simulator, source);
      const limited = { statusCode: 429, error: 'TOO_MANY_REQUESTS' };
      expect(await failure(listRecords(simulator, source))).toMatchObject(limited);
      simulator.clock.advance(29_000);
      expect(await failure(listRecords(simulator, source))).toMatchObject(limited);
      await listRecords(simulator, simulator.world.source('Orders').externalId);
      simulator.clock.advance(1_001);
      await listRecords(simulator, source);
      expect(simulator.log.count({ platform: 'airtable', status: 200 })).toBe(7);
    }));

  it('answers with the billing 429 when the month is used up, but not to metadata', () =>
    withSimulator({ world: WORLD, airtable: { monthlyCalls: 1 } }, async (simulator) => {
      const source = simulator.world.source('Contacts').externalId;
      await listRecords(simulator, source);
      const answer = await fetch(`${simulator.airtableUrl}/v0/${source}?`, {
        headers: { authorization: 'Bearer pat_simulated_0001' },
      });
      expect(answer.status).toBe(429);
      expect(await answer.json()).toMatchObject({
        error: { type: 'PUBLIC_API_BILLING_LIMIT_EXCEEDED' },
      });
      expect((await airtableRequest(simulator, 'meta', { path: '/whoami' })).statusCode).toBe(200);
    }));
});
