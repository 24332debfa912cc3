import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sourceWorkflowId } from '../../src/contract/names.ts';
import { AIRTABLE_TOKEN, NOTION_TOKEN, NO_LIMITS } from '../../src/sim/simulator.ts';
import type { FaultEffect } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { EXACT, tablesOf } from '../support/tables.ts';
import { until } from '../support/until.ts';

let installation: TestInstallation;
let tables: ReturnType<typeof tablesOf>;

const NOTION = ['Query 503', 'Overload 529', 'Gateway 502', 'Gateway 504', 'Plain 400', 'Half'];
const AIRTABLE = ['Retriable', 'Half record', 'Reset'];

beforeAll(async () => {
  const notion = (title: string) => ({ title, records: 30, properties: 'few' as const });
  const base = (title: string) => ({
    name: `Base of ${title}`,
    tables: [{ title, records: 30, fields: 'few' as const }],
  });
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          {
            title: 'Database',
            sources: [...NOTION, 'Limited', 'Workspace', 'Blocked', 'Revoked', 'Unshared'].map(
              notion,
            ),
          },
        ],
      },
      airtable: { bases: [...AIRTABLE, 'Billing', 'Closed'].map(base) },
    },
  });
  tables = tablesOf(installation);
});
afterAll(() => installation.close());
afterEach(async () => {
  const { knobs, faults, log } = installation.simulator;
  Object.assign(knobs.notion, NO_LIMITS.notion);
  Object.assign(knobs.airtable, NO_LIMITS.airtable, { monthlyCalls: 0 });
  faults.clear();
  const writes = log.writes();
  log.clear();
  expect(writes).toEqual([]);
  // A block is a matter of the budget, which outlives the test that caused it.
  await installation.database.pool.query('delete from appsync.rate_budget');
});

/** Path of a source's listing. */
function listing(title: string): string {
  const { externalId, platform } = installation.simulator.world.source(title);
  return platform === 'notion' ? `/v1/data_sources/${externalId}/query` : `/v0/${externalId}`;
}

const fail = (title: string, effect: FaultEffect, nth = 1) =>
  installation.simulator.faults.add({ path: listing(title), nth, effect });
const before = (title: string, nth: number, run: () => void) =>
  fail(title, { kind: 'run', run }, nth);
const requests = (title: string) => installation.simulator.log.count({ path: listing(title) });
const whole = { rows: 30, expected: 30, ...EXACT };

describe('Notion that limits the rate', () => {
  it('is asked again after exactly the time that it named, and the sync completes', async () => {
    fail('Limited', { kind: 'named', name: 'notion rate limited', retryAfter: 1 });
    const summary = await tables.sync('Limited');
    expect(summary).toMatchObject({ status: 'complete', rate_limited: 1 });
    const [refused, again] = installation.simulator.log.requests({ path: listing('Limited') });
    expect(refused?.status).toBe(429);
    expect((again?.arrived ?? 0) - (refused?.arrived ?? 0)).toBeGreaterThanOrEqual(1_000);
    expect(requests('Limited')).toBe(2);
    expect(await tables.compare('Limited')).toEqual(whole);
  });

  it('for the whole workspace and five minutes is left alone for five minutes', async () => {
    fail('Workspace', { kind: 'named', name: 'notion workspace rate limited' });
    const run = await installation.start({ kind: 'source', name: 'workspace' });
    const { client } = installation.temporal;
    const pending = async () => {
      const id = sourceWorkflowId(installation.id, 'workspace');
      const description = await client.workflow
        .getHandle(id)
        .describe()
        .catch(() => null);
      return description?.raw.pendingActivities?.find(({ attempt }) => Number(attempt) > 1);
    };
    await until(async () => (await pending())?.lastFailure?.message?.includes('limits') === true);
    const activity = await pending();
    const seconds = (time: { seconds?: unknown } | null | undefined) => Number(time?.seconds ?? 0);
    const wait = seconds(activity?.scheduledTime) - seconds(activity?.lastAttemptCompleteTime);
    // Within a second of the 300 that it named.
    expect(Math.abs(wait - 300)).toBeLessThanOrEqual(1);
    const { rows } = await installation.database.pool.query<{ left: number }>(
      `select extract(epoch from max(blocked_until) - now())::integer as left
         from appsync.rate_budget where blocked_until is not null`,
    );
    expect(rows[0]?.left).toBeGreaterThan(290);
    await client.workflow.getHandle(run.workflowId).cancel();
    expect(await run.finished()).toMatchObject({ status: 'cancelled' });
    expect(requests('Workspace')).toBe(1);
  });

  it('by blocking the integration is not asked again: the source is incomplete and says what to do', async () => {
    fail('Blocked', { kind: 'named', name: 'notion blocked' });
    const summary = await tables.sync('Blocked');
    expect(summary).toMatchObject({
      status: 'incomplete',
      certified: false,
      error: { type: 'Blocked', hint: expect.stringContaining('block') },
    });
    expect(requests('Blocked')).toBe(1);
  });
});

describe('an Airtable base whose calls of the month are used up', () => {
  it('leaves the source incomplete and its rows alone, and is not asked again and again', async () => {
    await tables.sync('Billing');
    const { knobs, log } = installation.simulator;
    log.clear();
    knobs.airtable.monthlyCalls = 1;
    const again = () => tables.sync('Billing', { incremental: false, batch_size: 10 });
    const summary = await again();
    expect(summary).toMatchObject({ status: 'incomplete', error: { type: 'Blocked' } });
    expect(summary.error?.hint).toContain('plan');
    const blockedUntil = summary.error?.blocked_until ?? '';
    expect(Date.parse(blockedUntil)).toBeGreaterThan(Date.now() + 55 * 60_000);
    expect(summary.error?.message).toContain(blockedUntil.slice(0, 16).replace('T', ' '));
    const asked = log.count({ platform: 'airtable' });
    const next = await again();
    expect(next).toMatchObject({ status: 'incomplete', error: { type: 'Blocked' }, requests: 0 });
    expect(next.error?.message).toContain('used up; nothing is asked before');
    const moved = Date.parse(next.error?.blocked_until ?? '') - Date.parse(blockedUntil);
    expect(Math.abs(moved)).toBeLessThanOrEqual(60_000);
    expect(log.count({ platform: 'airtable' })).toBe(asked);
    expect(asked).toBeLessThanOrEqual(3);
    expect(await tables.compare('Billing')).toEqual(whole);
    expect(await tables.deleted('Billing')).toEqual([]);
  });
});

describe('an answer that is no answer', () => {
  it('is asked for again where that can help, and fails its own source only where not', async () => {
    fail('Query 503', { kind: 'named', name: 'notion unavailable' });
    fail('Overload 529', { kind: 'named', name: 'notion overloaded' });
    fail('Gateway 502', { kind: 'named', name: 'bad gateway' });
    fail('Gateway 504', { kind: 'named', name: 'notion gateway timeout' });
    fail('Plain 400', { kind: 'named', name: 'plain text 400' });
    fail('Half', { kind: 'truncate', afterBytes: 10_240 });
    fail('Retriable', { kind: 'named', name: 'airtable retriable' });
    fail('Half record', { kind: 'truncate', afterBytes: 2_000 });
    fail('Reset', { kind: 'reset', afterBytes: 2_000 });
    const titles = [...NOTION, ...AIRTABLE];
    const alias = (title: string) => title.toLowerCase().replaceAll(' ', '-');
    const summary = await installation.sync(
      { kind: 'all' },
      { max_concurrent: 10 },
      { source: titles.map(alias) },
    );
    const statuses = Object.fromEntries(
      summary.sources.map(({ alias: source, status }) => [source, status]),
    );
    expect(statuses).toEqual({
      ...Object.fromEntries(titles.map((title) => [alias(title), 'complete'])),
      'plain-400': 'failed',
    });
    expect(summary.status).toBe('partial');
    const plain = summary.sources.find((source) => source.alias === 'plain-400');
    expect(plain?.error?.type).toBe('BadRequest');
    for (const title of titles.filter((one) => one !== 'Plain 400')) {
      expect({ title, ...(await tables.compare(title)) }).toEqual({ title, ...whole });
      expect(requests(title)).toBe(2);
    }
    expect(requests('Plain 400')).toBe(1);
    expect(await tables.sync('Plain 400')).toMatchObject({ status: 'complete' });
    expect(await tables.compare('Plain 400')).toEqual(whole);
  });
});

describe('access that is taken away in the middle of a sync', () => {
  const kept = async (title: string) => {
    expect((await tables.rows(title)).size).toBe(30);
    expect(await tables.deleted(title)).toEqual([]);
  };

  it('says which of token, capability, base and page it was, and keeps every row', async () => {
    const { world, faults } = installation.simulator;
    for (const title of ['Revoked', 'Unshared', 'Closed']) await tables.sync(title);
    const again = (title: string) => tables.sync(title, { incremental: false, batch_size: 10 });

    before('Revoked', 2, () => world.setRevoked(NOTION_TOKEN, true));
    const revoked = await again('Revoked');
    world.setRevoked(NOTION_TOKEN, false);
    expect(revoked).toMatchObject({ status: 'failed', error: { type: 'Unauthorized' } });
    expect(revoked.error?.hint).toContain('NOTION_TOKEN');

    fail('Unshared', { kind: 'named', name: 'notion restricted' }, 2);
    const restricted = await again('Unshared');
    expect(restricted).toMatchObject({ status: 'failed', error: { type: 'Forbidden' } });
    expect(restricted.error?.hint).toContain('capability');

    faults.clear();
    before('Unshared', 1, () => world.setShared('Unshared', NOTION_TOKEN, false));
    const unshared = await again('Unshared');
    world.setShared('Unshared', NOTION_TOKEN, true);
    expect(unshared).toMatchObject({ status: 'failed', error: { type: 'NotFound' } });
    expect(unshared.error?.hint).toContain('Connections');

    before('Closed', 2, () => world.setShared('Closed', AIRTABLE_TOKEN, false));
    const closed = await again('Closed');
    world.setShared('Closed', AIRTABLE_TOKEN, true);
    expect(closed).toMatchObject({ status: 'failed', error: { type: 'Forbidden' } });
    expect(closed.error?.hint).toContain('data.records:read');

    for (const title of ['Revoked', 'Unshared', 'Closed']) {
      await kept(title);
      expect(await again(title)).toMatchObject({ status: 'complete', certified: true });
      expect(await tables.compare(title)).toEqual(whole);
    }
  });
});
