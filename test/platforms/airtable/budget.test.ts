import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createRateBudget } from '../../../src/platforms/rate-limit.ts';
import { createRequests } from '../../../src/platforms/requests.ts';
import { openDatabase, type Database } from '../../../src/store/database.ts';
import {
  AIRTABLE_TOKEN,
  simpleWorld,
  startSimulator,
  type Simulator,
} from '../../../src/sim/simulator.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { connect, refOf, scan } from './session.ts';

let database: TestDatabase;
let pools: readonly Database[];
let simulator: Simulator;
let fingerprints = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  pools = [openDatabase(database.url, 4), openDatabase(database.url, 4)];
});
afterEach(() => simulator.close());
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await database.drop();
});

/** Workers with a pool of their own each, that share one account and its budget. */
function workers(rate: number) {
  fingerprints += 1;
  return pools.map((pool) => {
    const counted = { requests: 0, rate_limited: 0 };
    const requests = createRequests({
      budget: createRateBudget(pool),
      account: 'acme',
      signal: new AbortController().signal,
      poolSize: 10,
      count: (more) => {
        counted.requests += more.requests ?? 0;
        counted.rate_limited += more.rate_limited ?? 0;
      },
    });
    const more = { rate, fingerprint: `f${fingerprints}` };
    return { session: connect(simulator.airtableUrl, requests, more), counted };
  });
}

describe('several workers on one base', () => {
  it('together keep to its rate, so that none is ever refused', async () => {
    simulator = await startSimulator({
      world: simpleWorld({ airtable: { Deals: 50 } }),
      // A little more than is asked for: on a busy machine requests arrive later than they left.
      airtable: { rateLimit: 24, lockoutMs: 1_000, retryAfter: true },
    });
    const ref = refOf(simulator, 'Deals');
    const both = workers(20);
    const scans = both.map(({ session }) => scan(session, ref, { maxRecords: 2 }));
    for (const { ids } of await Promise.all(scans)) expect(ids).toHaveLength(50);
    expect(both.map(({ counted }) => counted)).toEqual([
      { requests: 25, rate_limited: 0 },
      { requests: 25, rate_limited: 0 },
    ]);
  });

  it('all wait when one of them is locked out, then go on where they were', async () => {
    simulator = await startSimulator({
      world: simpleWorld({ airtable: { Deals: 50 } }),
      airtable: { rateLimit: 10, lockoutMs: 1_000, retryAfter: true },
    });
    const ref = refOf(simulator, 'Deals');
    const both = workers(8);
    let lockedOut = 0;
    const lockOut = async () => {
      if (lockedOut > 0) return;
      lockedOut = performance.now();
      // Somebody else uses the same base without asking the budget.
      await Promise.all(Array.from({ length: 12 }, () => foreignRequest(ref)));
    };
    const scans = both.map(async ({ session }) => {
      const { ids } = await scan(session, ref, { maxRecords: 10, onBatch: lockOut });
      expect(ids).toHaveLength(50);
      return performance.now();
    });
    const ends = await Promise.all(scans);
    expect(Math.min(...ends) - lockedOut).toBeGreaterThan(1_000);
    const refused = both.reduce((sum, { counted }) => sum + counted.rate_limited, 0);
    expect(refused).toBeLessThanOrEqual(4);
  });

  it('leave a base alone whose calls of the month are used up', async () => {
    simulator = await startSimulator({
      world: simpleWorld({ airtable: { Deals: 50, People: 50 } }),
      airtable: { rateLimit: 0, tokenRateLimit: 0, monthlyCalls: 2 },
    });
    const [one, other] = workers(20).map(({ session }) => session) as [
      ReturnType<typeof connect>,
      ReturnType<typeof connect>,
    ];
    const deals = refOf(simulator, 'Deals');
    const scanning = scan(one, deals, { maxRecords: 10 });
    await expect(scanning).rejects.toMatchObject({ type: 'Blocked' });
    const asked = simulator.log.count();
    await expect(scan(other, deals)).rejects.toMatchObject({
      type: 'RateLimited',
      message: expect.stringContaining('used up'),
    });
    expect(simulator.log.count()).toBe(asked);
    // Its other bases may belong to a workspace that has calls left.
    expect((await other.describe(refOf(simulator, 'People'))).title).toBe('People');
  });

  it('ask once for the tables of the base while that request waits for its turn', async () => {
    const titles = Array.from({ length: 10 }, (_, i) => `Table ${i}`);
    const tables = titles.map((title) => ({ title, records: 1 }));
    simulator = await startSimulator({
      world: { airtable: { bases: [{ name: 'Work', tables }] } },
      airtable: { rateLimit: 5, lockoutMs: 1_000, retryAfter: true },
    });
    const all = workers(4);
    const asked = all.map(({ session }) =>
      Promise.all(titles.map((title) => session.describe(refOf(simulator, title)))),
    );
    for (const schemas of await Promise.all(asked)) {
      expect(schemas.map(({ title }) => title)).toEqual(titles);
    }
    expect(simulator.log.count({ platform: 'airtable' })).toBe(1);
    expect(all.map(({ counted }) => counted.requests)).toEqual([1, 0]);
  });
});

const foreignRequest = (ref: Readonly<Record<string, string>>) =>
  fetch(`${simulator.airtableUrl}/v0/${ref['base']}/${ref['table']}`, {
    headers: { authorization: `Bearer ${AIRTABLE_TOKEN}` },
  }).then((response) => response.text());
