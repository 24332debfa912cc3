import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Column } from '../../../src/contract/schema.ts';
import type { SourceRef } from '../../../src/platforms/platform.ts';
import type { PlatformSession } from '../../../src/platforms/session.ts';
import {
  NO_LIMITS,
  simpleWorld,
  startSimulator,
  type Simulator,
} from '../../../src/sim/simulator.ts';
import { columnsOf, connect, refOf, scan } from './session.ts';

let simulator: Simulator;
let session: PlatformSession;
let ref: SourceRef;
let columns: readonly Column[];
beforeAll(async () => {
  const world = simpleWorld({ airtable: { Deals: 120 } });
  simulator = await startSimulator({ world, ...NO_LIMITS });
  session = connect(simulator.airtableUrl);
  ref = refOf(simulator, 'Deals');
  columns = await columnsOf(session, ref);
});
afterAll(() => simulator.close());

describe('records of Airtable looked up by id', () => {
  it('are those that the listing has, with the same hash, a hundred with one request', async () => {
    const listed = await scan(session, ref, { columns });
    const records = listed.records.slice(0, 100);
    simulator.log.clear();
    const ids = records.map(({ id }) => id);
    const found = await session.locate?.(ref, ids, columns);
    expect(simulator.log.requests({})).toHaveLength(1);
    expect(found?.size).toBe(100);
    for (const { id, hash } of records) {
      expect(found?.get(id)).toMatchObject({ state: 'present', record: { id, hash } });
    }
  });

  it('are gone when deleted; what is no record id is gone without asking', async () => {
    const [trashed = '', there = ''] = simulator.world.ids('Deals');
    simulator.world.deleteRecord('Deals', trashed);
    const odd = `x"),TRUE(),("`;
    const found = await session.locate?.(ref, [trashed, there, odd], columns);
    expect(found?.get(trashed)).toEqual({ state: 'trashed' });
    expect(found?.get(odd)).toEqual({ state: 'trashed' });
    expect(found?.get(there)).toMatchObject({ state: 'present' });
    simulator.log.clear();
    expect((await session.locate?.(ref, [odd], columns))?.size).toBe(1);
    expect(simulator.log.requests({})).toEqual([]);
    simulator.world.restoreRecord('Deals', trashed);
  });

  it('tell whether they were edited since', async () => {
    const [edited = '', ...others] = simulator.world.ids('Deals').slice(0, 20);
    const since = new Date().toISOString();
    simulator.world.editRecord('Deals', edited);
    const found = await session.editedSince?.(ref, [edited, ...others], since);
    expect([...(found ?? [])]).toEqual([edited]);
  });

  it('can be listed from a time of creation on', async () => {
    const { records } = await scan(session, ref, { columns });
    const created = records.map((record) => record.created_at ?? '').toSorted();
    const from = created[70] ?? '';
    const window = session.listFrom?.(from);
    if (window === undefined) throw new Error('nothing to list from');
    const batch = await session.fetchBatch({
      ref,
      mode: 'full',
      since: null,
      columns,
      window,
      free_window: 1,
      max_records: 100,
      isTimeUp: () => false,
    });
    const later = records.filter(
      (record) => Date.parse(record.created_at ?? '') >= Date.parse(from),
    );
    expect(new Set(batch.records.map(({ id }) => id))).toEqual(new Set(later.map(({ id }) => id)));
    expect(later.length).toBeLessThan(records.length);
  });
});
