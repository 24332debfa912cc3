import { SyncFailure } from '../../src/errors.ts';
import type { BatchRequest, FetchedBatch, Platform } from '../../src/platforms/plugin.ts';
import { inSession, inBatches, endingWith, isType, type Flaw } from './flawed-platforms.ts';

export const READING_FLAWS: readonly Flaw[] = [
  {
    name: 'a record that no scan gives',
    check: 'a full scan finds every record of the source',
    says: '11, without e12',
    breaks: inBatches((batch) => ({
      ...batch,
      records: batch.records.filter(({ id }) => id !== 'e12'),
    })),
  },
  {
    name: 'a value too few',
    check: 'records have an id, a hash and a value for each column',
    says: 'expected 3 values, one for each column; seen: 2 values of record e1',
    breaks: inBatches((batch) => ({
      ...batch,
      records: batch.records.map((record) => ({ ...record, values: record.values.slice(1) })),
    })),
  },
  {
    name: 'a count that cannot be one',
    check: 'counts of its own have names and numbers that can be summed',
    says: 'expected counts as docs/extending.md has them',
    breaks: inBatches((batch) => ({ ...batch, counts: { 'Pages read': -1 } })),
  },
  {
    name: 'hashes of the moment',
    check: 'two full scans give the same records',
    says: 'other content: 12 of 12',
    breaks: (platform) => {
      let n = 0;
      return inBatches((batch) => ({
        ...batch,
        records: batch.records.map((record) => ({ ...record, hash: `hash ${(n += 1)}` })),
      }))(platform);
    },
  },
  {
    name: 'a record lost at the edge of a page',
    check: 'batches of 1, 2 and 3 records give the same as large ones',
    says: 'missing: ',
    breaks: inBatches((batch) =>
      batch.windows.every(({ done }) => done)
        ? batch
        : { ...batch, records: batch.records.slice(0, -1) },
    ),
  },
  {
    name: 'done because a batch is short',
    check: 'done is said at the end, whatever ends a batch',
    says: 'with large batches and the time always up, done after all 12 records; seen: done after 5',
    breaks: inBatches((batch, { max_records }) => ({
      ...batch,
      windows: batch.windows.map((window) => ({
        ...window,
        done: window.done || batch.records.length < max_records,
      })),
    })),
  },
  {
    name: 'an empty source that fails',
    check: 'a source without records is read to its end',
    says: 'there is nothing',
    breaks: inBatches((batch) => {
      if (batch.records.length > 0) return batch;
      throw new SyncFailure('NotFound', 'there is nothing');
    }),
  },
  {
    name: 'a listing that ends early',
    check: 'listings are read like sources',
    says: 'missing: 2 of 3',
    breaks: inBatches((batch, { ref, max_records }) =>
      ref['list'] === undefined
        ? batch
        : { ...batch, records: batch.records.slice(0, max_records) },
    ),
  },
  {
    name: 'a place that is kept in memory',
    check: 'a full scan goes on from every position',
    says: 'from the position after batch 1 on',
    breaks: (platform) => rememberPlace(platform, () => true),
  },
  {
    name: 'a place that is kept in memory by incremental scans',
    check: 'an incremental scan goes on from every position',
    says: 'from the position after batch 1 on',
    breaks: (platform) => rememberPlace(platform, ({ mode }) => mode === 'incremental'),
  },
  {
    name: 'a batch that can be had once',
    check: 'a batch that is asked for twice is the same',
    says: 'batch 1, asked for again, to be what it was',
    breaks: (platform) => {
      const given = new Map<string, FetchedBatch>();
      return inSession((session) => ({
        planScan: (request) => {
          given.clear();
          return session.planScan(request);
        },
        fetchBatch: async (request) => {
          const key = JSON.stringify(request.window);
          const [next] = given.get(key)?.windows ?? [];
          const window = next === undefined || next.done ? request.window : next;
          const batch = await session.fetchBatch({ ...request, window });
          given.set(key, batch);
          return batch;
        },
      }))(platform);
    },
  },
  {
    name: 'records that are dropped when the time is up',
    check: 'a batch whose time is up is gone on with',
    says: 'missing: ',
    breaks: inBatches((batch, { isTimeUp }) => (isTimeUp() ? { ...batch, records: [] } : batch)),
  },
  {
    name: 'a cancellation that is taken for the end',
    check: 'a batch that was cancelled can be read again',
    says: 'missing: ',
    breaks: endingWith((thrown) => !(thrown instanceof SyncFailure)),
  },
  {
    name: 'the token in a position',
    check: 'positions are small, plain JSON and hold no token',
    says: 'no token in a window',
    breaks: inBatches((batch, _request, { token }) => ({
      ...batch,
      windows: batch.windows.map((window) => ({ ...window, last: token })),
    })),
  },
  {
    name: 'a position that JSON does not keep',
    check: 'positions are small, plain JSON and hold no token',
    says: 'windows of texts, whole numbers, booleans and null',
    breaks: inBatches((batch) => ({
      ...batch,
      windows: batch.windows.map((window) => ({ ...window, rows: Number.NaN })),
    })),
  },
  {
    name: 'a lost cursor that is taken for the end',
    check: 'lost cursors lose no record',
    says: 'missing: ',
    breaks: endingWith((thrown) => isType(thrown, 'CursorLost')),
  },
];

/** Windows say nothing of where they are: the process knows. */
function rememberPlace(platform: Platform, applies: (request: BatchRequest) => boolean): Platform {
  let cursor: string | null = null;
  return inSession((session) => ({
    planScan: (request) => {
      cursor = null;
      return session.planScan(request);
    },
    fetchBatch: async (request) => {
      if (!applies(request)) return session.fetchBatch(request);
      const window = { ...request.window, cursor };
      const batch = await session.fetchBatch({ ...request, window });
      cursor = batch.windows[0]?.cursor ?? null;
      return { ...batch, windows: batch.windows.map((one) => ({ ...one, cursor: null })) };
    },
  }))(platform);
}
