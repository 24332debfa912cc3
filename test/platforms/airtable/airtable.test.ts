import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DiscoveredSource } from '../../../src/platforms/platform.ts';
import type { PlatformSession } from '../../../src/platforms/session.ts';
import {
  NO_LIMITS,
  simpleWorld,
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../../src/sim/simulator.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { columnsOf, connect, refOf, scan, unlimited } from './session.ts';
import { rawText } from '../../../src/platforms/values/utf8-text.ts';

let simulator: Simulator;

/** A table `Deals` with so many records, and a session that sees it. */
async function setUp(records = 250, options: Partial<SimulatorOptions> = {}) {
  simulator = await startSimulator({
    world: simpleWorld({ airtable: { Deals: records } }),
    ...options,
    airtable: { ...NO_LIMITS.airtable, ...options.airtable },
  });
  const session = connect(simulator.airtableUrl);
  return { session, ref: refOf(simulator, 'Deals'), world: simulator.world };
}

afterEach(() => simulator.close());

async function discovered(session: PlatformSession): Promise<DiscoveredSource[]> {
  const found = [];
  for await (const source of session.discover()) found.push(source);
  return found;
}

describe('an Airtable account', () => {
  it('is known by the address or id of its user', async () => {
    const { session } = await setUp(1);
    const { name, workspace } = await session.identify();
    expect(name).toMatch(/@|^usr/);
    expect(workspace).toBeNull();
  });

  it('offers every table of every base, however the bases are paged', async () => {
    await setUp(1, {
      world: simpleWorld({ airtable: { Deals: 1, People: 1, Orders: 1 } }),
      airtable: { basesPerPage: 1 },
    });
    const found = await discovered(connect(simulator.airtableUrl));
    expect(found.map(({ title }) => title)).toEqual(['Deals', 'People', 'Orders']);
    expect(found[0]?.external_id).toBe(simulator.world.source('Deals').externalId);
    expect(found[0]?.ref).toEqual(refOf(simulator, 'Deals'));
    expect(simulator.log.count({ path: /meta\/bases$/ })).toBe(3);
  });

  it('offers the other tables when one base was closed in the meantime', async () => {
    await setUp(1, {
      world: simpleWorld({ airtable: { Deals: 1, People: 1 } }),
      faults: [{ path: '/tables', effect: { kind: 'named', name: 'airtable forbidden' } }],
    });
    const found = await discovered(connect(simulator.airtableUrl));
    expect(found.map(({ title }) => title)).toEqual(['People']);
  });

  it('counts every request against its budget, the narrowest rule first', async () => {
    const { ref } = await setUp(1);
    const { requests, sent } = unlimited();
    const session = connect(simulator.airtableUrl, requests);
    await session.identify();
    await session.describe(ref);
    await scan(session, ref);
    const token = 'airtable:f1';
    const both = [`airtable:f1:${ref['base']}`, token];
    expect(sent.map((rules) => rules.map(({ key }) => key))).toEqual([[token], both, both]);
  });

  it('is only read', async () => {
    const { session, ref } = await setUp(1);
    await discovered(session);
    await scan(session, ref);
    expect(simulator.log.writes()).toEqual([]);
  });
});

describe('a table', () => {
  it('is described by its fields, with ids that a rename keeps, at the time of the server', async () => {
    const now = Date.parse('2026-05-06T07:08:09.000Z');
    const { session, ref, world } = await setUp(1, { now: () => now });
    const before = await session.describe(ref);
    world.renameProperty('Deals', 'Name', 'Title');
    const after = await session.describe(ref);
    expect(before).toMatchObject({
      title: 'Deals',
      external_id: world.source('Deals').externalId,
      server_time: '2026-05-06T07:08:09.000Z',
    });
    expect(before.fields.map(({ name }) => name)).toContain('Mystère 🚀');
    expect(after.fields[0]).toEqual({ ...before.fields[0], name: 'Title' });
  });

  it('that its base does not have is not found', async () => {
    const { session, ref } = await setUp(1);
    const missing = { ...ref, table: 'tblDoesNotExist00' };
    await expect(session.describe(missing)).rejects.toMatchObject({ type: 'NotFound' });
  });

  it('has a value for every cell, or the reason why not', async () => {
    const { session, ref } = await setUp(200);
    const columns = await columnsOf(session, ref);
    const { records } = await scan(session, ref, { columns });
    const failed = columns.filter(({ id }) => records.some(({ errors }) => errors?.[id]));
    expect(failed.map(({ name }) => name)).toEqual(['Formula error', 'Formula NaN']);
    for (const record of records) {
      const fields = JSON.parse(rawText(record.raw)).fields as Record<string, unknown>;
      for (const [index, { id, column_type }] of columns.entries()) {
        const isGiven = id in fields || column_type === 'boolean';
        const isKept = record.values[index] !== null || record.errors?.[id] !== undefined;
        expect(isKept).toBe(isGiven);
      }
    }
  });
});

describe('values', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('of every type, the most awkward ones too, are what Postgres accepts for their columns', async () => {
    const tables = [{ title: 'Deals', records: 300, awkward: true }];
    const world = { airtable: { bases: [{ name: 'Base', tables }] } };
    const { session, ref } = await setUp(300, { world });
    const columns = await columnsOf(session, ref);
    const { records } = await scan(session, ref, { columns });
    for (const [index, { column_type }] of columns.entries()) {
      const texts = records.map(({ values }) => values[index] ?? null);
      await database.pool.query(
        `select t::${column_type} from unnest($1::text[]) with ordinality as u (t, n)`,
        [texts],
      );
    }
    const raw = records.map((record) => record.raw);
    const { rowCount } = await database.pool.query(
      'select t::json from unnest($1::text[]) as u (t)',
      [raw],
    );
    expect(rowCount).toBe(300);
  });
});

describe('a full scan', () => {
  it('reads every record once, to the end', async () => {
    const { session, ref, world } = await setUp(250);
    const { ids, evidence, window } = await scan(session, ref);
    expect(ids.toSorted()).toEqual([...world.ids('Deals')].toSorted());
    expect(window).toMatchObject({ done: true, cursor: null, next_batch: 3, last: null });
    expect(evidence).toMatchObject({ pages: 3, gaps: [] });
  });

  it('reads tiny batches as well as large ones', async () => {
    const { session, ref, world } = await setUp(23);
    const tiny = await scan(session, ref, { maxRecords: 3 });
    expect(tiny.batches.map(({ records }) => records.length)).toEqual([3, 3, 3, 3, 3, 3, 3, 2]);
    expect(new Set(tiny.ids)).toEqual(new Set(world.ids('Deals')));
    const large = await scan(session, ref, { maxRecords: 1000 });
    expect(large.batches).toHaveLength(1);
  });

  it('fills a batch with as many pages as it needs and no more records than wanted', async () => {
    const { session, ref } = await setUp(500);
    const { batches } = await scan(session, ref, { maxRecords: 250 });
    expect(batches[0]?.evidence.pages).toBe(3);
    expect(Math.max(...batches.map(({ records }) => records.length))).toBeLessThanOrEqual(250);
  });

  it('returns what there is when its time is up', async () => {
    const { session, ref } = await setUp(250);
    const { batches, ids } = await scan(session, ref, { maxRecords: 1000, isTimeUp: () => true });
    expect(batches.map(({ evidence }) => evidence.pages)).toEqual([1, 1, 1]);
    expect(ids).toHaveLength(250);
  });

  it('of an empty table ends with its first page', async () => {
    const { session, ref } = await setUp(0);
    const { ids, window } = await scan(session, ref);
    expect(ids).toEqual([]);
    expect(window?.done).toBe(true);
  });

  it('goes on from where another process stood', async () => {
    const { session, ref } = await setUp(250);
    const [first] = session.planScan({ ref, mode: 'full', since: null });
    const request = { ref, mode: 'full', since: null, columns: [], max_records: 100 } as const;
    const batch = (on: PlatformSession, window = first) =>
      on.fetchBatch({
        ...request,
        window: window as NonNullable<typeof first>,
        free_window: 1,
        isTimeUp: () => false,
      });
    const one = await batch(session);
    const two = await batch(connect(simulator.airtableUrl), one.windows[0]);
    const twoAgain = await batch(connect(simulator.airtableUrl), one.windows[0]);
    expect(twoAgain.records.map(({ id }) => id)).toEqual(two.records.map(({ id }) => id));
    expect(two.records).toHaveLength(100);
  });

  it('keeps the pages of a batch that came before a failure', async () => {
    const { session, ref, world } = await setUp(250, {
      faults: [{ path: '/tbl', nth: 2, effect: { kind: 'named', name: 'bad gateway' } }],
    });
    const { batches, ids } = await scan(session, ref, { maxRecords: 1000 });
    expect(batches.map(({ evidence }) => evidence.pages)).toEqual([1, 2]);
    expect(new Set(ids)).toEqual(new Set(world.ids('Deals')));
  });

  it('that lost its listing in the middle has to begin anew', async () => {
    const { session, ref } = await setUp(250);
    const scanning = scan(session, ref, { onBatch: () => simulator.expireCursors() });
    await expect(scanning).rejects.toMatchObject({ type: 'CursorLost' });
  });

  it('that is led in a circle has to begin anew', async () => {
    const { session, ref } = await setUp(250, {
      faults: [{ path: '/tbl', nth: 2, effect: { kind: 'repeat cursor' } }],
    });
    await expect(scan(session, ref)).rejects.toMatchObject({ type: 'CursorLost' });
    expect(simulator.log.count({ path: '/tbl' })).toBe(2);
  });

  it('reads fields by id, so that a rename in between does no harm', async () => {
    const { session, ref, world } = await setUp(150);
    const columns = await columnsOf(session, ref);
    const nameOf = (records: readonly { readonly values: readonly (string | null)[] }[]) =>
      records.filter(({ values }) => values[0] !== null).length;
    const { batches } = await scan(session, ref, {
      columns,
      onBatch: ({ windows }) => {
        if (windows[0]?.done === false) world.renameProperty('Deals', 'Name', 'Title');
      },
    });
    expect(nameOf(batches[1]?.records ?? [])).toBeGreaterThan(40);
  });

  it('of a table that did not change gives the same hashes, whatever its links', async () => {
    const { session, ref } = await setUp(60);
    const [first, second] = [await scan(session, ref), await scan(session, ref)];
    expect(second.records.map(({ hash }) => hash)).toEqual(first.records.map(({ hash }) => hash));
    expect(second.records.map(({ raw }) => raw)).not.toEqual(first.records.map(({ raw }) => raw));
  });
});

describe.each(['earliest', 'never before'] as const)(
  'an incremental scan, where a blank time is %s',
  (blankTimes) => {
    it('reads what was edited since, and what was made since and never edited', async () => {
      const { session, ref, world } = await setUp(120, { airtable: { blankTimes } });
      simulator.clock.advance(3_600_000);
      const since = new Date(simulator.clock.now()).toISOString();
      simulator.clock.advance(1);
      const [edited = ''] = world.ids('Deals');
      world.editProperty('Deals', edited, 'Name', 'changed');
      const made = world.createRecords('Deals', 2);
      const { ids } = await scan(session, ref, { mode: 'incremental', since });
      expect(ids).toEqual(expect.arrayContaining([edited, ...made]));
      if (blankTimes === 'earliest') expect(ids).toHaveLength(3);
    });

    it('reads an edit of the very moment that it begins at', async () => {
      const { session, ref, world } = await setUp(5, {
        now: () => Date.parse('2026-11-01T00:00:00.000Z'),
        airtable: { blankTimes },
      });
      const [edited = ''] = world.ids('Deals');
      world.editProperty('Deals', edited, 'Name', 'changed');
      const since = '2026-11-01T00:00:00.000Z';
      expect((await scan(session, ref, { mode: 'incremental', since })).ids).toContain(edited);
    });
  },
);
