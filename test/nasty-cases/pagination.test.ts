import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AIRTABLE_DEFAULTS } from '../../src/sim/airtable/knobs.ts';
import { NOTION_DEFAULTS } from '../../src/sim/notion/knobs.ts';
import { NO_LIMITS } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { EXACT, tablesOf } from '../support/tables.ts';

const MINUTE = 60_000;
const NOON = Date.parse('2026-09-01T12:00:00.000Z');
const MANY = 10_050;

let installation: TestInstallation;
let tables: ReturnType<typeof tablesOf>;

beforeAll(async () => {
  const notion = (title: string, records = 12) => ({ title, records, properties: 'few' as const });
  installation = await startInstallation({
    now: () => NOON,
    world: {
      notion: {
        databases: [
          {
            title: 'Database',
            sources: [
              ...['Moving', 'Passed', 'Hidden', 'Gone', 'Refused', 'Expiring'].map((title) =>
                notion(title),
              ),
              { ...notion('One minute', 30), sameMinute: 30 },
              notion('Loop'),
              notion('Short', 60),
              { title: 'Many', records: MANY, properties: [{ name: 'Name', type: 'title' }] },
            ],
          },
        ],
      },
      airtable: {
        bases: [
          {
            name: 'Base',
            tables: [
              { title: 'Forty pages', records: 400, fields: 'few' },
              { title: 'Circle', records: 12, fields: 'few' },
            ],
          },
        ],
      },
    },
  });
  tables = tablesOf(installation);
});
afterAll(() => installation.close());
afterEach(() => {
  const { knobs, faults, log } = installation.simulator;
  Object.assign(knobs.notion, NOTION_DEFAULTS, NO_LIMITS.notion);
  Object.assign(knobs.airtable, AIRTABLE_DEFAULTS, NO_LIMITS.airtable);
  faults.clear();
  const found = { writes: log.writes(), reused: reusedCursors() };
  log.clear();
  expect(found).toEqual({ writes: [], reused: [] });
});

/** Path of a source's listing. */
function listing(title: string): string {
  const { externalId, platform } = installation.simulator.world.source(title);
  return platform === 'notion' ? `/v1/data_sources/${externalId}/query` : `/v0/${externalId}`;
}

/** Something happens right before the nth page of a source's listing is given (or before each from it on). */
function before(title: string, nth: number, run: () => void, times = 1): void {
  const path = listing(title);
  installation.simulator.faults.add({ path, nth, times, effect: { kind: 'run', run } });
}

/** Cursors that were sent once more after Notion had refused them. */
function reusedCursors(): readonly string[] {
  const refused = new Set<string>();
  const reused: string[] = [];
  for (const { body, status } of installation.simulator.log.requests({ path: '/query' })) {
    const cursor = (body as { start_cursor?: string } | null)?.start_cursor;
    if (cursor === undefined) continue;
    if (refused.has(cursor)) reused.push(cursor);
    if (status === 400) refused.add(cursor);
  }
  return reused;
}

const pages = (title: string) => installation.simulator.log.count({ path: listing(title) });
const nth = (title: string, place: number) => installation.simulator.world.ids(title)[place] ?? '';

describe('a Notion page', () => {
  it('edited during the scan that reads edits is read twice and stored once, newest text first', async () => {
    const { world, clock } = installation.simulator;
    await tables.sync('Moving');
    clock.advance(10 * MINUTE);
    for (const [place, id] of world.ids('Moving').entries()) {
      world.editRecord('Moving', id, { Name: `edit ${place}` });
    }
    before('Moving', 3, () => {
      clock.advance(MINUTE);
      world.editRecord('Moving', nth('Moving', 0), { Name: 'during the scan' });
    });
    const summary = await tables.sync('Moving', { batch_size: 3 });
    expect(summary).toMatchObject({ status: 'complete', mode: 'incremental', read: 12 });
    expect(await tables.row('Moving', nth('Moving', 0))).toMatchObject({ name: 'during the scan' });
    expect(await tables.compare('Moving')).toEqual({ rows: 12, expected: 12, ...EXACT });
  });

  it('edited after its page of a full scan was read has its new text after the next sync', async () => {
    const { world, clock } = installation.simulator;
    const edited = nth('Passed', 0);
    before('Passed', 3, () => {
      clock.advance(MINUTE);
      world.editRecord('Passed', edited, { Name: 'behind the scan' });
    });
    expect(await tables.sync('Passed', { batch_size: 3 })).toMatchObject({ status: 'complete' });
    expect(await tables.compare('Passed')).toMatchObject({ ...EXACT, different: 1 });
    expect(await tables.sync('Passed')).toMatchObject({ mode: 'incremental', updated: 1 });
    expect(await tables.compare('Passed')).toMatchObject(EXACT);
    expect(await tables.deleted('Passed')).toEqual([]);
  });

  it('that a scan skipped is there after the next sync', async () => {
    const { world, clock, knobs } = installation.simulator;
    await tables.sync('Hidden');
    clock.advance(10 * MINUTE);
    const [made = ''] = world.createRecords('Hidden', [{ Name: 'not in the index yet' }]);
    knobs.notion.indexLagMs = MINUTE;
    expect(await tables.full('Hidden')).toMatchObject({ status: 'complete', read: 12 });
    clock.advance(2 * MINUTE);
    expect(await tables.sync('Hidden')).toMatchObject({ mode: 'incremental', inserted: 1 });
    expect(await tables.row('Hidden', made)).toMatchObject({ _deleted_at: null });
    expect(await tables.compare('Hidden')).toMatchObject(EXACT);
  });

  it.each([
    ['Gone', 'continue'],
    ['Refused', 'refuse'],
  ] as const)(
    'deleted when the cursor names it costs no other page: %s, where Notion would %s',
    async (title, cursorRowGone) => {
      const { world, knobs } = installation.simulator;
      knobs.notion.cursorRowGone = cursorRowGone;
      const named = nth(title, 3);
      before(title, 2, () => world.deleteRecord(title, named));
      const summary = await tables.sync(title, { batch_size: 3 });
      expect(summary).toMatchObject({ status: 'complete', certified: true });
      expect((await tables.rows(title)).has(named)).toBe(false);
      expect(await tables.compare(title)).toEqual({ rows: 11, expected: 11, ...EXACT });
      expect((await tables.evidence(title)).cursor_restarts).toBe(
        cursorRowGone === 'refuse' ? 1 : 0,
      );
    },
  );
});

describe('a cursor', () => {
  it('that expires, and again after the restart, costs no row and doubles none', async () => {
    before('Expiring', 2, () => installation.simulator.expireCursors(), 3);
    const summary = await tables.sync('Expiring', { batch_size: 3 });
    expect(summary).toMatchObject({ status: 'complete', certified: true, read: 12, inserted: 12 });
    expect(await tables.compare('Expiring')).toEqual({ rows: 12, expected: 12, ...EXACT });
    // The second expiry falls on the page that begins the window anew, which needs no cursor.
    expect((await tables.evidence('Expiring')).cursor_restarts).toBe(2);
    const [, second] = installation.simulator.log
      .requests({ path: listing('Expiring') })
      .filter(({ body }) => !('start_cursor' in (body as object)));
    // Not from the beginning: from the last row read.
    expect(second?.body).toMatchObject({ filter: { created_time: { on_or_after: /^20/ } } });
  });

  it('that expires whenever it is used fails the source after a bounded number of requests', async () => {
    const { faults, log } = installation.simulator;
    before('One minute', 1, () => installation.simulator.expireCursors(), 0);
    const failed = await tables.sync('One minute', { batch_size: 3 });
    expect(failed).toMatchObject({ status: 'failed', error: { type: 'CursorLost' } });
    expect(failed.error?.hint).toContain('sync again');
    expect(log.count({ path: listing('One minute') })).toBeLessThan(100);
    expect(reusedCursors()).toEqual([]);
    faults.clear();
    // A later sync cannot know that its checkpoint's cursor is refused: it may ask once.
    log.clear();
    expect(await tables.sync('One minute')).toMatchObject({ status: 'complete', certified: true });
    expect(await tables.compare('One minute')).toEqual({ rows: 30, expected: 30, ...EXACT });
  });

  it('that Notion gives twice does not make the scan go round for ever', async () => {
    const path = listing('Loop');
    installation.simulator.faults.add({ path, nth: 2, effect: { kind: 'repeat cursor' } });
    expect(await tables.sync('Loop', { batch_size: 3 })).toMatchObject({ status: 'complete' });
    expect((await tables.evidence('Loop')).cursor_restarts).toBe(1);
    expect(await tables.compare('Loop')).toEqual({ rows: 12, expected: 12, ...EXACT });
    expect(pages('Loop')).toBeLessThanOrEqual(8);
  });

  it('that Airtable gives twice does not make the scan go round for ever', async () => {
    const path = listing('Circle');
    installation.simulator.faults.add({ path, nth: 2, effect: { kind: 'repeat cursor' } });
    expect(await tables.sync('Circle', { batch_size: 3 })).toMatchObject({ status: 'complete' });
    expect(await tables.compare('Circle')).toEqual({ rows: 12, expected: 12, ...EXACT });
    expect(pages('Circle')).toBeLessThanOrEqual(8);
  });
});

describe('pages of a listing', () => {
  it('that come short or empty though there are more rows do not end the scan', async () => {
    installation.simulator.knobs.notion.shortPages = 0.6;
    const summary = await tables.sync('Short', { batch_size: 10 });
    expect(summary).toMatchObject({ status: 'complete', certified: true, read: 60 });
    expect(pages('Short')).toBeGreaterThan(6);
    expect(await tables.compare('Short')).toEqual({ rows: 60, expected: 60, ...EXACT });
  });

  it('end at 10,000 rows of a query, and the other 50 are read by another', async () => {
    const summary = await tables.sync('Many', { batch_size: 2_500 });
    expect(summary).toMatchObject({ status: 'complete', certified: true, inserted: MANY });
    expect(await tables.evidence('Many')).toMatchObject({ gaps: [] });
    expect(await tables.compare('Many')).toEqual({ rows: MANY, expected: MANY, ...EXACT });
  });

  it('of an Airtable listing that is lost on page 7 of 40 begin anew, and nothing counts as deleted', async () => {
    const path = listing('Forty pages');
    const lost = { kind: 'named', name: 'airtable iterator lost' } as const;
    installation.simulator.faults.add({ path, nth: 7, effect: lost });
    const summary = await tables.sync('Forty pages', { batch_size: 10 });
    expect(summary).toMatchObject({
      status: 'complete',
      certified: true,
      read: 400,
      inserted: 400,
      deleted: 0,
    });
    expect(pages('Forty pages')).toBe(6 + 1 + 40);
    expect(await tables.deleted('Forty pages')).toEqual([]);
    expect(await tables.compare('Forty pages')).toEqual({ rows: 400, expected: 400, ...EXACT });
  });
});
