import { afterEach, describe, expect, it } from '@jest/globals';
import { NOTION_TOKEN, startSimulator } from '../../../src/sim/simulator.ts';
import type { Simulator, SimulatorOptions } from '../../../src/sim/simulator.ts';
import { connect, scan } from './session.ts';

let sim: Simulator;
afterEach(() => sim.close());

const TITLE = 'Tasks';
const NOW = Date.parse('2026-11-01T12:00:00Z');

/** A data source with so many rows, and a session that reads it. */
async function start(
  records: number,
  options: Partial<SimulatorOptions> = {},
  source: { sameMinute?: number; wiki?: readonly string[] } = {},
) {
  const spec = { title: TITLE, records, properties: 'few' as const, ...source };
  sim = await startSimulator({
    world: {
      notion: { databases: [{ title: TITLE, sources: [spec, { title: 'Inner', records: 1 }] }] },
    },
    now: () => NOW,
    ...options,
    notion: { rateLimit: 0, ...options.notion },
  });
  const ref = { data_source: sim.world.source(TITLE).externalId };
  return { session: connect(sim.notionUrl, NOTION_TOKEN), ref };
}

const expectWhole = (ids: ReadonlySet<string>) =>
  expect([...ids].toSorted()).toEqual([...sim.world.ids(TITLE)].toSorted());
const queries = () => sim.log.requests({ path: '/query' });

describe('a scan', () => {
  it('reads every row once, a page of 100 per request', async () => {
    const { session, ref } = await start(250);
    const { ids, batches, evidence, done } = await scan(session, ref, { maxRecords: 250 });
    expectWhole(ids);
    expect(batches).toHaveLength(1);
    expect(evidence).toMatchObject({ pages: 3, cap_hits: 0, cursor_restarts: 0, gaps: [] });
    expect(done).toEqual([expect.objectContaining({ window: 0, next_batch: 1, cursor: null })]);
    expect(queries().map((query) => query.body)).toMatchObject([
      { page_size: 100, sorts: [{ timestamp: 'created_time', direction: 'ascending' }] },
      { page_size: 100 },
      { page_size: 50 },
    ]);
  });

  it('reads batch by batch from the position that the last batch gave', async () => {
    const { session, ref } = await start(250);
    const { ids, batches, done } = await scan(session, ref, { maxRecords: 100 });
    expectWhole(ids);
    expect(batches.map((batch) => batch.records.length)).toEqual([100, 100, 50]);
    expect(done[0]).toMatchObject({ next_batch: 3 });
  });

  it('ends a batch when its time is up, with what it has', async () => {
    const { session, ref } = await start(250);
    const [window] = session.planScan({ ref, mode: 'full', since: null });
    if (!window) throw new Error('no window');
    const batch = await session.fetchBatch({
      ref,
      mode: 'full',
      since: null,
      window,
      free_window: 1,
      columns: [],
      max_records: 1000,
      isTimeUp: () => true,
    });
    expect(batch.records).toHaveLength(100);
    expect(batch.windows).toEqual([expect.objectContaining({ done: false, next_batch: 1 })]);
  });

  it('goes on after pages that come short or empty', async () => {
    const { session, ref } = await start(300, { notion: { shortPages: 0.5 } });
    const { ids, evidence } = await scan(session, ref, { maxRecords: 100 });
    expectWhole(ids);
    expect(evidence.cursor_restarts).toBe(0);
  });

  it('counts data sources among the rows of a wiki, and takes them for no records', async () => {
    const { session, ref } = await start(5, {}, { wiki: ['Inner'] });
    const { ids, evidence } = await scan(session, ref);
    expect(evidence.other_objects).toBe(1);
    expect(ids.size).toBe(5);
  });

  it('reads what was edited since a time, in the order of edits', async () => {
    const { session, ref } = await start(120);
    const since = new Date(NOW - 60_000).toISOString();
    const edited = sim.world.editSome(TITLE, 7);
    const { ids } = await scan(session, ref, { mode: 'incremental', since });
    expect([...ids].toSorted()).toEqual([...edited].toSorted());
    expect(queries()[0]?.body).toMatchObject({
      filter: { timestamp: 'last_edited_time', last_edited_time: { on_or_after: since } },
      sorts: [{ timestamp: 'last_edited_time', direction: 'ascending' }],
    });
  });
});

describe("Notion's limit on rows per query", () => {
  it('opens a window at the last row, until every row is read', async () => {
    const { session, ref } = await start(500, { notion: { queryCap: 150 } });
    const { ids, evidence, done } = await scan(session, ref, { maxRecords: 100 });
    expectWhole(ids);
    expect(evidence.cap_hits).toBeGreaterThanOrEqual(3);
    expect(evidence.gaps).toEqual([]);
    expect(done.map(({ window }) => window)).toEqual([...done.keys()]);
  });

  it('splits a minute that holds more rows than the limit by what titles contain, and reads what follows', async () => {
    const { session, ref } = await start(700, { notion: { queryCap: 100 } }, { sameMinute: 450 });
    const { ids, evidence, done } = await scan(session, ref);
    expectWhole(ids);
    expect(evidence.gaps).toEqual([]);
    const parts = done.flatMap(({ part }) => (part === undefined ? [] : [part]));
    expect(parts).toContainEqual(expect.stringMatching(/^[+-].$/));
    expect(parts).toContainEqual(expect.stringMatching(/^[+-]. [+-].$/));
    expect(new Set(done.map(({ window }) => window)).size).toBe(done.length);
    // Each half once, and no row of the minute in a part that has it twice: the log holds both halves' filters.
    const filters = queries().map(({ body }) => JSON.stringify(body));
    expect(filters.some((filter) => filter.includes('does_not_contain'))).toBe(true);
  });

  it('tells of a minute whose rows nothing tells apart, and reads what follows it', async () => {
    const { session, ref } = await start(300, { notion: { queryCap: 100 } }, { sameMinute: 150 });
    for (const id of sim.world.ids(TITLE).slice(0, 150)) {
      sim.world.editRecord(TITLE, id, { Name: 'Untitled' });
    }
    const { ids, evidence } = await scan(session, ref);
    expect(evidence.gaps).toEqual([expect.stringMatching(/created_time 20\d\d-.*:00\.000Z/)]);
    const later = sim.world.ids(TITLE).slice(150);
    expect(later.filter((id) => !ids.has(id))).toEqual([]);
    expect(ids.size).toBe(250);
  });

  it('splits a minute of edits in an incremental scan, too', async () => {
    const { session, ref } = await start(300, { notion: { queryCap: 100 } });
    const since = new Date(NOW - 60_000).toISOString();
    for (const id of sim.world.ids(TITLE)) sim.world.editRecord(TITLE, id);
    const { ids, evidence } = await scan(session, ref, { mode: 'incremental', since });
    expectWhole(ids);
    expect(evidence.gaps).toEqual([]);
  });

  it('takes a query that ends at exactly the documented limit for cut, told or not', async () => {
    const { session, ref } = await start(10_050, {
      notion: { queryCap: 10_000, capTold: false },
    });
    const { ids, evidence } = await scan(session, ref, { maxRecords: 1000 });
    expectWhole(ids);
    expect(evidence.cap_hits).toBe(1);
  });
});

describe('a lost cursor', () => {
  it('begins the window anew at the last row, whoever lost it', async () => {
    const { session, ref } = await start(350);
    const { ids, evidence, batches } = await scan(session, ref, {
      onBatch: () => sim.expireCursors(),
    });
    expectWhole(ids);
    expect(evidence.cursor_restarts).toBeGreaterThanOrEqual(3);
    expect(evidence.gaps).toEqual([]);
    expect(batches.at(-1)?.windows[0]).toMatchObject({ done: true, window: 0 });
  });

  it('gives each record of a batch once, though rows come again', async () => {
    const { session, ref } = await start(250, {
      faults: [{ path: '/query', nth: 2, effect: { kind: 'run', run: () => sim.expireCursors() } }],
    });
    const { batches } = await scan(session, ref, { maxRecords: 1000 });
    expect(batches.flatMap((batch) => batch.records)).toHaveLength(250);
    expect(batches[0]?.evidence.cursor_restarts).toBe(1);
  });

  it('fails the scan when it is lost again and again without progress', async () => {
    const { session, ref } = await start(300, {}, { sameMinute: 300 });
    const scanning = scan(session, ref, { onBatch: () => sim.expireCursors() });
    await expect(scanning).rejects.toMatchObject({ type: 'CursorLost' });
    expect(queries().length).toBeLessThan(20);
  });

  it('is what a cursor that repeats itself is taken for', async () => {
    const { session, ref } = await start(350, {
      faults: [{ path: '/query', nth: 2, effect: { kind: 'repeat cursor' } }],
    });
    const { ids, evidence } = await scan(session, ref, { maxRecords: 1000 });
    expectWhole(ids);
    expect(evidence.cursor_restarts).toBe(1);
  });

  it('ends a loop of cursors that never ends', async () => {
    const { session, ref } = await start(
      350,
      {
        faults: [{ path: '/query', times: 0, effect: { kind: 'repeat cursor' } }],
      },
      { sameMinute: 350 },
    );
    await expect(scan(session, ref)).rejects.toMatchObject({ type: 'CursorLost' });
  });
});
