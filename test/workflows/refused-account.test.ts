import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunSummary } from '../../src/contract/summary.ts';
import { NOTION_TOKEN } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

const TITLES = Array.from({ length: 20 }, (_, i) => `Source ${String(i).padStart(2, '0')}`);

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: TITLES.map((title) => ({
          title,
          sources: [{ title, records: 3, properties: [{ name: 'Name', type: 'title' }] }],
        })),
      },
      airtable: { bases: [{ name: 'Shop', tables: [{ title: 'Orders', records: 5 }] }] },
    },
  });
  await installation.sync();
});
afterAll(() => installation.close());

const ofNotion = (summary: RunSummary) =>
  summary.sources.filter(({ platform }) => platform === 'notion');

describe('a token that is revoked', () => {
  it('costs its account a handful of requests and one cause, and stops no other account', async () => {
    const { world, log } = installation.simulator;
    world.setRevoked(NOTION_TOKEN, true);
    log.clear();
    const summary = await installation.sync();
    expect(log.count({ platform: 'notion' })).toBeLessThanOrEqual(5);
    const notion = ofNotion(summary);
    expect(notion.map(({ status }) => status)).toEqual(TITLES.map(() => 'failed'));
    expect(new Set(notion.map(({ error }) => JSON.stringify(error))).size).toBe(1);
    expect(notion[0]?.error).toMatchObject({ type: 'Unauthorized' });
    expect(summary.status).toBe('partial');
    expect(summary.sources.find(({ alias }) => alias === 'orders')?.status).toBe('complete');
  });

  it('is told of every source that waited for its turn, as if it had been tried', async () => {
    const { rows } = await installation.database.pool.query(
      `select s.last_status, count(*)::integer as sources from appsync.source s
         join appsync.account a on a.id = s.account_id where a.platform = 'notion' group by 1`,
    );
    expect(rows).toEqual([{ last_status: 'failed', sources: TITLES.length }]);
  });

  it('makes the run end for its credentials when there is no other account', async () => {
    const summary = await installation.sync({ kind: 'platform', name: 'notion' });
    expect(summary).toMatchObject({ status: 'failed', totals: { sources: TITLES.length } });
  });

  it('is forgotten by the next run', async () => {
    installation.simulator.world.setRevoked(NOTION_TOKEN, false);
    expect(await installation.sync()).toMatchObject({ status: 'complete' });
  });
});

describe('two accounts of a platform', () => {
  it('fail and succeed apart from each other', async () => {
    await installation.catalog((catalog) => {
      const [first] = catalog.accounts;
      catalog.accounts.push({ ...first, name: 'other', token: 'env:NO_SUCH_TOKEN' });
      for (const source of catalog.sources.slice(0, 10)) source['account'] = 'other';
    });
    const summary = await installation.sync({ kind: 'platform', name: 'notion' });
    const ended = (status: string) =>
      ofNotion(summary).filter((source) => source.status === status).length;
    expect({ failed: ended('failed'), complete: ended('complete') }).toEqual({
      failed: 10,
      complete: 10,
    });
    expect(summary.status).toBe('partial');
  });
});
