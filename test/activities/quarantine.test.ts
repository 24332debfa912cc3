import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenSourceRef } from '../../src/contract/activities.ts';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { activityRunner, newRun } from '../support/activities.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    worker: 'spawned',
    world: simpleWorld({ notion: { Tasks: 50 } }),
  });
});
afterAll(() => installation.close());

const entries = async () =>
  (await installation.database.pool.query('select record_id, attempts from appsync.quarantine'))
    .rows;

describe('a record that cannot be converted', () => {
  it('is in quarantine once its batch is merged, not before, and once however often that is asked', async () => {
    const { run, openSource } = await activityRunner(installation, 'one');
    const about = await newRun(installation, 'one');
    const opened = await openSource({ ...about, give_up_scan: null });
    const source: OpenSourceRef = { ...about, fence: opened.fence, scan: opened.scan };
    const [window] = opened.windows;
    if (window === undefined) throw new Error('a scan has a window');
    const page = { object: 'page', id: 'p1', properties: {} };
    installation.simulator.faults.add({
      platform: 'notion',
      path: '/query',
      times: 2,
      effect: {
        kind: 'answer',
        status: 200,
        body: { results: [page, { ...page, id: 7 }], has_more: false, next_cursor: null },
      },
    });
    const zombie = await activityRunner(installation, 'zombie');
    await zombie.run('fetchBatch', { source, window, free_window: 1 });
    const { windows, evidence, metrics, ...key } = await run('fetchBatch', {
      source,
      window,
      free_window: 1,
    });
    expect(key.rows).toBe(2);
    expect(await entries()).toEqual([]);

    const merge = { source, batches: [key], windows, evidence, metrics };
    const first = await run('upsertBatch', merge);
    expect(first.metrics).toMatchObject({ read: 1, inserted: 1, quarantined: 1 });
    expect(await run('upsertBatch', merge)).toEqual(first);
    expect(await entries()).toEqual([{ record_id: null, attempts: 1 }]);
  });
});
