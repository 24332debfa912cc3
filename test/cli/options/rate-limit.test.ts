import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../../support/installation.ts';
import { commandLines } from './command-lines.ts';

/** Here everything runs at once: one request may be kept from leaving for longer than the budget's margin. */
const LATE = 1;
let installation: TestInstallation;
let sync: ReturnType<typeof commandLines>['sync'];

beforeAll(async () => {
  const few = { properties: 'few', fields: 'few' } as const;
  installation = await startInstallation({
    world: {
      notion: {
        databases: [{ title: 'Pages', sources: [{ title: 'Pages', records: 70, ...few }] }],
      },
      airtable: {
        bases: [
          {
            name: 'Work',
            tables: [
              { title: 'Orders', records: 20, ...few },
              { title: 'Lines', records: 140, ...few },
            ],
          },
        ],
      },
    },
  });
  ({ sync } = commandLines(installation));
});
beforeEach(() => installation.database.pool.query('delete from appsync.rate_budget'));
afterAll(() => installation.close());

type Platform = 'notion' | 'airtable';
/** Most requests that arrived within any span of so many seconds. */
const most = (seconds: number, platform: Platform) =>
  installation.simulator.log.maxInWindow(seconds * 1000, { platform });

describe('--rate-limit', () => {
  it('is the most that arrives in any second, though the account has no limit', async () => {
    const { totals } = await sync('lines --rate-limit 5 --batch-size 10');
    expect(totals).toMatchObject({ read: 140, rate_limited: 0 });
    expect(totals.requests).toBeGreaterThan(3 * 5);
    expect(most(1, 'airtable')).toBeLessThanOrEqual(5 + LATE);
    expect(most(3, 'airtable')).toBeLessThanOrEqual(3 * 5);
  });

  it('may be below one: requests keep the distance, on Notion after ten seconds’ worth', async () => {
    const { totals } = await sync(
      'all --source orders --source pages --rate-limit 0.5 --batch-size 10',
    );
    expect(totals).toMatchObject({ sources: 2, read: 90, rate_limited: 0 });
    expect(installation.simulator.log.count({ platform: 'notion' })).toBe(1 + 7 + 1);
    expect(most(1.5, 'airtable')).toBe(1);
    expect(most(3, 'notion')).toBeLessThanOrEqual(5 + 1);
    expect(most(5, 'notion')).toBeLessThanOrEqual(5 + 2);
  });
});
