import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { cancelRun } from '../../src/client/run-control.ts';
import type { LoggedRequest } from '../../src/sim/request-log.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

const RATE = 2;
/** Ten seconds of the rate. */
const BURST = 20;
/** Sources that work in turn: five seconds of the rate. */
const IN_TURN = 10;
const MANY = 14;
let installation: TestInstallation;

beforeAll(async () => {
  const many = Array.from({ length: MANY }, (_, i) => ({
    title: `Many ${i}`,
    records: 20,
    properties: 'few' as const,
  }));
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          { title: 'Big', sources: [{ title: 'Big', records: 3_000, properties: 'few' }] },
          { title: 'Small', sources: [{ title: 'Small', records: 10, properties: 'few' }] },
          { title: 'Many', sources: many },
        ],
      },
    },
  });
  await installation.catalog((catalog) => {
    for (const account of catalog.accounts) account['rate_limit'] = RATE;
  });
});
afterEach(async () => {
  installation.simulator.log.clear();
  await installation.database.pool.query('delete from appsync.rate_budget');
});
afterAll(() => installation.close());

const requestsOf = (title: string): readonly LoggedRequest[] => {
  const { world, log } = installation.simulator;
  const id = world.sources().find((source) => source.title === title)?.externalId ?? '';
  return log.requests({ path: id });
};

/** How many of these requests lie between each two of those that follow one another. */
function between(these: readonly LoggedRequest[], those: readonly LoggedRequest[]): number[] {
  return those.slice(1).map((next, i) => {
    const from = those[i]?.serial ?? 0;
    return these.filter(({ serial }) => serial > from && serial < next.serial).length;
  });
}

describe('sources of one account, when the budget is used up', () => {
  it('take turns: a large import leaves a small sync every other request', async () => {
    const large = await installation.start({ kind: 'source', name: 'big' }, { batch_size: 10 });
    await until(() => requestsOf('Big').length > BURST);
    const summary = await installation.sync({ kind: 'source', name: 'small' }, { batch_size: 2 });
    expect(summary).toMatchObject({ status: 'complete', totals: { read: 10 } });
    const last = requestsOf('Small').at(-1)?.serial ?? 0;
    await until(() => (requestsOf('Big').at(-1)?.serial ?? 0) > last);
    await cancelRun(installation.temporal, large.workflowId);
    expect((await large.finished()).status).toBe('cancelled');
    expect(requestsOf('Small')).toHaveLength(1 + 5 + 1);
    expect(Math.max(...between(requestsOf('Big'), requestsOf('Small')))).toBeLessThanOrEqual(2);
  });

  it('are as many at once as five seconds of the rate, whatever --max-concurrent says', async () => {
    const run = await installation.sync(
      { kind: 'all' },
      { max_concurrent: 100, batch_size: 10 },
      { source: Array.from({ length: MANY }, (_, i) => `many-${i}`) },
    );
    expect(run).toMatchObject({ status: 'complete', totals: { read: MANY * 20 } });
    const { log } = installation.simulator;
    const spans = Array.from({ length: MANY }, (_, i) => requestsOf(`Many ${i}`));
    const atOnce = log
      .requests()
      .map(
        ({ serial }) =>
          spans.filter((of) => (of[0]?.serial ?? 0) <= serial && serial <= (of.at(-1)?.serial ?? 0))
            .length,
      );
    expect(Math.max(...atOnce)).toBe(IN_TURN);
    // So a cursor is idle for about one turn: 5 s, here as well as at any other rate.
    const pages = spans.map((of) => of.filter(({ path }) => path.endsWith('/query')));
    const idle = pages.map(
      ([first, second]) => (second?.arrived ?? Infinity) - (first?.arrived ?? 0),
    );
    expect(Math.max(...idle)).toBeLessThan((2 * IN_TURN * 1000) / RATE);
  });
});
