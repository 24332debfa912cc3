import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

const WINDOW_MS = 60_000;
const LIMIT = 180;
const ENOUGH = 0.95 * LIMIT;
/** A window is a real minute: one by default, about four minutes in all with APPSYNC_BUDGET_MINUTES=4. */
const MINUTES = Number(process.env['APPSYNC_BUDGET_MINUTES'] ?? 1);
const WORKERS = 5;
const SOURCES = 20;
const PAGE = 10;
/** Together with the schema before and after: 20 requests more than the budget gives in that time. */
const PAGES = (LIMIT / SOURCES) * MINUTES - 1;
let installation: TestInstallation;

beforeAll(async () => {
  const sources = Array.from({ length: SOURCES }, (_, i) => ({
    title: `Source ${i}`,
    records: PAGE * PAGES,
    properties: 'few' as const,
  }));
  installation = await startInstallation({
    worker: 'spawned',
    limits: true,
    notion: { rateLimit: LIMIT },
    world: { notion: { databases: [{ title: 'Busy', sources }] } },
  });
});
afterAll(() => installation.close());

/** Requests in each of the windows that follow one another from the first request on, as Notion counts. */
function inWindowsInTurn(times: readonly number[]): number[] {
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const whole = Math.floor((last - first) / WINDOW_MS);
  return Array.from({ length: whole }, (_, i) => {
    const from = first + i * WINDOW_MS;
    return times.filter((time) => time >= from && time < from + WINDOW_MS).length;
  });
}

/**
 * Requests in every window that begins right after a request of the second minute or later, and ends before the
 * last: the emptiest that there are. In the first minute a window can leave out the burst, which comes only once.
 */
function inEmptiestWindows(times: readonly number[]): number[] {
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  return times
    .filter((from) => from >= first + WINDOW_MS * 1.01 && from + WINDOW_MS <= last)
    .map((from) => times.filter((time) => time > from && time <= from + WINDOW_MS).length);
}

describe('five workers of one Notion account with 180 requests a minute', () => {
  it(
    'use at least 95 % of it while there is work, and never more than all of it',
    async () => {
      for (let i = 0; i < WORKERS; i += 1) installation.spawnWorker();
      const summary = await installation.sync(
        { kind: 'all' },
        { max_concurrent: SOURCES, batch_size: PAGE },
      );
      const { log } = installation.simulator;
      const times = log.requests().map(({ arrived }) => arrived);
      const inTurn = inWindowsInTurn(times);
      const emptiest = inEmptiestWindows(times);
      if (process.env['APPSYNC_BUDGET_MINUTES'] !== undefined) {
        process.stderr.write(
          `in any minute at most ${log.maxInWindow(WINDOW_MS)}; in turn ${inTurn.join(', ')}; ` +
            `emptiest ${Math.min(...emptiest)} of ${emptiest.length}\n`,
        );
      }
      expect(summary).toMatchObject({
        status: 'complete',
        totals: { read: SOURCES * PAGES * PAGE, rate_limited: 0, requests: times.length },
      });
      expect(log.count({ status: 429 })).toBe(0);
      expect(log.maxInWindow(WINDOW_MS)).toBeLessThanOrEqual(LIMIT);
      expect(inTurn).toHaveLength(MINUTES);
      expect(emptiest.length > 0).toBe(MINUTES > 2);
      expect(Math.min(...inTurn, ...emptiest)).toBeGreaterThanOrEqual(ENOUGH);
    },
    (MINUTES + 1) * 90_000,
  );
});
