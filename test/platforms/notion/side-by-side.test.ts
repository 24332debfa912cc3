import { afterEach, describe, expect, it } from '@jest/globals';
import { openWindow } from '../../../src/contract/scan.ts';
import { windowsWanted, type Pace } from '../../../src/platforms/notion/side-by-side.ts';
import { NOTION_TOKEN, startSimulator, type Simulator } from '../../../src/sim/simulator.ts';
import { connect, scan, unlimited } from './session.ts';

const TITLE = 'Tasks';
const ROWS = 3_050;

/** A rate that no single cursor can use, whatever the machine. */
const FAST = 1_000_000;

let sim: Simulator;
afterEach(() => sim.close());

async function start(rate: number | null, sameMinute = 0) {
  const spec = { title: TITLE, records: ROWS, properties: 'few' as const, sameMinute };
  sim = await startSimulator({
    world: { notion: { databases: [{ title: TITLE, sources: [spec] }] } },
    notion: { rateLimit: 0 },
  });
  const ref = { data_source: sim.world.source(TITLE).externalId };
  return { session: connect(sim.notionUrl, NOTION_TOKEN, unlimited().requests, rate), ref };
}

describe('a large data source whose answers take longer than its rate allows', () => {
  it('is read in several windows from 2,000 rows on, every row of it', async () => {
    const { session, ref } = await start(FAST);
    const { ids, done, batches, evidence } = await scan(session, ref, { maxRecords: 1_000 });
    expect([...ids].toSorted()).toEqual([...sim.world.ids(TITLE)].toSorted());
    expect(evidence.gaps).toEqual([]);
    expect(done).toHaveLength(5);
    // Nothing between the bounds of two windows.
    const [first, ...beside] = done.toSorted((a, b) => a.window - b.window);
    expect(beside[0]?.lower).toBe(first?.last);
    expect(beside.slice(1).map(({ lower }) => lower)).toEqual(
      beside.slice(0, -1).map(({ upper }) => upper),
    );
    expect(beside.at(-1)?.upper).toBeNull();
    // Pages, a look at the newest row, and a page that is not full for each window.
    const read = batches.reduce((sum, batch) => sum + batch.records.length, 0);
    expect(read - ROWS).toBeLessThan(100);
    expect(sim.log.count({ path: '/query' })).toBeLessThanOrEqual(Math.ceil(ROWS / 100) + 1 + 4);
  });

  it('is read in one window when all that is left was created in one minute', async () => {
    const { session, ref } = await start(FAST, ROWS);
    const { ids, done } = await scan(session, ref, { maxRecords: 1_000 });
    expect(ids.size).toBe(ROWS);
    expect(done).toHaveLength(1);
  });

  it('is read on in one window when the look at its newest row fails', async () => {
    const { session, ref } = await start(FAST);
    const effect = { kind: 'named', name: 'notion unavailable' } as const;
    sim.faults.add({ path: '/query', nth: 21, effect });
    const { ids, done } = await scan(session, ref, { maxRecords: 2_000 });
    expect(ids.size).toBe(ROWS);
    expect(done).toHaveLength(1);
  });
});

describe('a large data source whose answers come fast enough for its rate', () => {
  it('is read in one window', async () => {
    const { session, ref } = await start(0.001);
    const { done } = await scan(session, ref, { maxRecords: 1_000 });
    expect(done).toHaveLength(1);
    expect(sim.log.count({ path: '/query' })).toBe(Math.ceil(ROWS / 100));
  });
});

describe('the number of windows', () => {
  const window = { ...openWindow(0, { lower: null }), rows: 5_000, cursor: 'c' };
  const pace: Pace = { requests: 10, answered_ms: 9_000, waited_ms: 100 };
  const wanted = (change: object = {}, paced: Partial<Pace> = {}, rate = 3) =>
    windowsWanted({ mode: 'full' }, { ...window, ...change }, { ...pace, ...paced }, rate);

  it('is how many requests are in flight at the rate, four at most', () => {
    expect(wanted()).toBe(3);
    expect(wanted({}, { answered_ms: 5_000 })).toBe(2);
    expect(wanted({}, { answered_ms: 3_000 })).toBe(1);
    expect(wanted({}, {}, 100)).toBe(4);
  });

  it('is one while others use the budget, too, and for windows that are small, bounded or at their end', () => {
    expect(wanted({}, { waited_ms: 9_500 })).toBe(1);
    expect(wanted({ rows: 1_900 })).toBe(1);
    expect(wanted({ upper: '2026-01-01T00:00:00.000Z' })).toBe(1);
    expect(wanted({ done: true })).toBe(1);
    expect(wanted({ part: '+a' })).toBe(1);
  });
});
