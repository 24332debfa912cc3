import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { EXACT, tablesOf } from '../support/tables.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Far from this machine's clock: whatever used that would be wrong by weeks. */
const NOON = Date.parse('2026-09-01T12:00:00.000Z');

let installation: TestInstallation;
let tables: ReturnType<typeof tablesOf>;

beforeAll(async () => {
  const notion = (title: string) => ({ title, records: 6, properties: 'few' as const });
  installation = await startInstallation({
    now: () => NOON,
    world: {
      notion: {
        databases: [
          {
            title: 'Database',
            sources: [
              ...['Twice', 'Edge', 'Skew', 'Lag', 'Both forms'].map(notion),
              {
                title: 'Computed',
                records: 6,
                properties: [
                  { name: 'Name', type: 'title' },
                  { name: 'Points', type: 'number' },
                  { name: 'Related', type: 'relation' },
                  { name: 'Total', type: 'rollup', function: 'sum' },
                ],
              },
            ],
          },
        ],
      },
      airtable: {
        bases: [
          {
            name: 'Base',
            tables: [
              { title: 'Late', records: 6, fields: 'few' },
              { title: 'Untouched', records: 6, fields: 'few' },
              {
                title: 'Lookups',
                records: 6,
                fields: [
                  { name: 'Name', type: 'singleLineText' },
                  { name: 'Links', type: 'multipleRecordLinks' },
                  { name: 'Names', type: 'multipleLookupValues' },
                ],
              },
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
  const { notion, airtable } = installation.simulator.knobs;
  Object.assign(notion, { indexLagMs: 0, timeForm: 'Z', queryCap: 10_000 });
  airtable.listLagMs = 0;
  expect(installation.simulator.log.writes()).toEqual([]);
});

const first = (title: string) => installation.simulator.world.ids(title)[0] ?? '';
const edit = (title: string, name: string, id = first(title)) =>
  installation.simulator.world.editRecord(title, id, { Name: name });
const advance = (ms: number) => installation.simulator.clock.advance(ms);
const name = async (title: string, id = first(title)) =>
  (await tables.row(title, id))['name'] as unknown;

/** The simulated clock goes on to the next whole minute. */
const toFullMinute = () => advance(MINUTE - (installation.simulator.clock.now() % MINUTE));

async function watermark(alias: string): Promise<number> {
  const { rows } = await installation.database.pool.query<{ watermark: Date }>(
    'select watermark from appsync.source where alias = $1',
    [alias],
  );
  return rows[0]?.watermark.getTime() ?? 0;
}

describe('a Notion page', () => {
  it('edited twice within one minute, with a sync in between, has its second text', async () => {
    await tables.sync('Twice');
    advance(10 * MINUTE);
    toFullMinute();
    advance(10 * SECOND);
    edit('Twice', 'first');
    expect(await tables.sync('Twice')).toMatchObject({ status: 'complete', updated: 1 });
    const before = await tables.row('Twice', first('Twice'));
    advance(20 * SECOND);
    edit('Twice', 'second');
    expect(await tables.sync('Twice')).toMatchObject({ mode: 'incremental', updated: 1 });
    const after = await tables.row('Twice', first('Twice'));
    expect(after).toMatchObject({ name: 'second', _edited_at: before['_edited_at'] });
    expect(await tables.compare('Twice')).toMatchObject(EXACT);
  });

  it('edited in the very minute that the next sync begins at is not left out', async () => {
    toFullMinute();
    await tables.sync('Edge');
    advance(10 * MINUTE);
    const minute = installation.simulator.clock.now();
    advance(30 * SECOND);
    edit('Edge', 'in that minute');
    // Queries do not know of the edit yet when the sync runs that earns the watermark.
    installation.simulator.knobs.notion.indexLagMs = 6 * MINUTE;
    advance(4.5 * MINUTE);
    expect(await tables.sync('Edge')).toMatchObject({ status: 'complete', updated: 0 });
    expect(await watermark('edge')).toBe(minute);
    advance(2 * MINUTE);
    expect(await tables.sync('Edge')).toMatchObject({ mode: 'incremental', read: 1, updated: 1 });
    expect(await name('Edge')).toBe('in that minute');
    const query = installation.simulator.log.requests({ path: '/query' }).at(-1);
    expect(query?.body).toMatchObject({
      filter: { last_edited_time: { on_or_after: new Date(minute).toISOString() } },
    });
  });

  it('is found whatever the worker’s clock says: the watermark is the server’s time', async () => {
    for (const skew of [90 * SECOND, -89 * SECOND]) {
      advance(skew + 10 * MINUTE);
      await tables.sync('Skew');
      const server = installation.simulator.clock.now();
      expect(await watermark('skew')).toBe(Math.floor(server / SECOND) * SECOND - 5 * MINUTE);
      advance(SECOND);
      edit('Skew', `skewed by ${skew}`);
      expect(await tables.sync('Skew')).toMatchObject({ mode: 'incremental', updated: 1 });
      expect(await name('Skew')).toBe(`skewed by ${skew}`);
    }
  });

  it('that queries show a minute late is there after the sync that follows', async () => {
    await tables.sync('Lag');
    advance(10 * MINUTE);
    installation.simulator.knobs.notion.indexLagMs = MINUTE;
    edit('Lag', 'edited late');
    const [made = ''] = installation.simulator.world.createRecords('Lag', [{ Name: 'made late' }]);
    advance(5 * SECOND);
    expect(await tables.sync('Lag')).toMatchObject({ status: 'complete', inserted: 0, updated: 0 });
    advance(MINUTE);
    expect(await tables.sync('Lag')).toMatchObject({
      mode: 'incremental',
      inserted: 1,
      updated: 1,
    });
    expect([await name('Lag'), await name('Lag', made)]).toEqual(['edited late', 'made late']);
    expect(await tables.compare('Lag')).toMatchObject(EXACT);
  });

  it('whose times come as `Z` and as `+00:00` has the right ones, and no window is lost', async () => {
    const { knobs, world } = installation.simulator;
    Object.assign(knobs.notion, { timeForm: 'mixed', queryCap: 2 });
    expect(await tables.full('Both forms')).toMatchObject({ status: 'complete', inserted: 6 });
    const forms = new Set<string>();
    for (const [id, record] of world.truth('Both forms').records) {
      const { created_time: created, last_edited_time: edited } = record as Record<string, string>;
      forms.add(created?.slice(-1) ?? '');
      expect(await tables.row('Both forms', id)).toMatchObject({
        _created_at: new Date(created ?? ''),
        _edited_at: new Date(edited ?? ''),
      });
    }
    expect([...forms].toSorted()).toEqual(['0', 'Z']);
    expect(await tables.compare('Both forms')).toMatchObject(EXACT);
    expect(await tables.sync('Both forms')).toMatchObject({ inserted: 0, updated: 0 });
  });

  it('whose rollup changed with another page is stale until a full scan, which repairs it', async () => {
    await tables.sync('Computed');
    const { world } = installation.simulator;
    const [holder = '', related = ''] = world.ids('Computed');
    world.editRecord('Computed', holder, { Related: [related] });
    world.editRecord('Computed', related, { Points: 7 });
    expect(await tables.sync('Computed')).toMatchObject({ status: 'complete', updated: 2 });
    expect(await tables.row('Computed', holder)).toMatchObject({ total: '7' });
    advance(20 * MINUTE);
    await tables.sync('Computed');
    advance(20 * MINUTE);
    world.editRecord('Computed', related, { Points: 8 });
    expect(await tables.sync('Computed')).toMatchObject({ mode: 'incremental', updated: 1 });
    expect(await tables.row('Computed', holder)).toMatchObject({ total: '7' });
    expect(await tables.full('Computed')).toMatchObject({ mode: 'full', status: 'complete' });
    expect(await tables.row('Computed', holder)).toMatchObject({ total: '8' });
    expect(await tables.compare('Computed')).toMatchObject(EXACT);
  });
});

describe('an Airtable record', () => {
  it('whose edit listings show ten seconds late is there after the sync that follows', async () => {
    await tables.sync('Late');
    advance(10 * MINUTE);
    installation.simulator.knobs.airtable.listLagMs = 10 * SECOND;
    edit('Late', 'edited late');
    advance(2 * SECOND);
    expect(await tables.sync('Late')).toMatchObject({ status: 'complete', updated: 0 });
    advance(10 * SECOND);
    expect(await tables.sync('Late')).toMatchObject({ mode: 'incremental', updated: 1 });
    expect(await name('Late')).toBe('edited late');
  });

  it.each(['earliest', 'never before'] as const)(
    'made after the last sync and never edited is there, where a blank time is %s',
    async (blankTimes) => {
      const { knobs, world } = installation.simulator;
      knobs.airtable.blankTimes = blankTimes;
      await tables.sync('Untouched');
      advance(30 * MINUTE);
      const [made = ''] = world.createRecords('Untouched', [{ Name: `made, ${blankTimes}` }]);
      expect(await tables.sync('Untouched')).toMatchObject({ mode: 'incremental', inserted: 1 });
      expect(await tables.row('Untouched', made)).toMatchObject({
        name: `made, ${blankTimes}`,
        last_modified: null,
        _edited_at: null,
      });
      expect(await tables.compare('Untouched')).toMatchObject(EXACT);
    },
  );

  it('whose lookup changed with another record is stale until a full scan, which repairs it', async () => {
    await tables.sync('Lookups');
    const { world } = installation.simulator;
    const [holder = '', linked = ''] = world.ids('Lookups');
    world.editRecord('Lookups', holder, { Links: [linked] });
    advance(20 * MINUTE);
    await tables.sync('Lookups');
    advance(20 * MINUTE);
    world.editRecord('Lookups', linked, { Name: 'renamed' });
    expect(await tables.sync('Lookups')).toMatchObject({ mode: 'incremental', updated: 1 });
    expect((await tables.row('Lookups', holder))['names']).not.toEqual(['renamed']);
    expect(await tables.full('Lookups')).toMatchObject({ mode: 'full' });
    expect((await tables.row('Lookups', holder))['names']).toEqual(['renamed']);
    expect(await tables.compare('Lookups')).toMatchObject(EXACT);
  });
});
