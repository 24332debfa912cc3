import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { CloseSourceInput, OpenSourceRef } from '../../src/contract/activities.ts';
import { syncMetrics } from '../../src/contract/metrics.ts';
import { NO_EVIDENCE } from '../../src/contract/scan.ts';
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

/** Keeps everybody from writing to a table while `work` runs. */
async function whileLocked(table: string, work: () => Promise<void>): Promise<void> {
  const client = await installation.database.pool.connect();
  await client.query(`begin; lock table ${table} in share mode`);
  await work();
  await client.query('commit');
  client.release();
}

describe('an attempt that is given up while it still works', () => {
  it('is waited for by the next: batch and verdict are recorded once, both answers are the same', async () => {
    const { run, openSource } = await activityRunner(installation, 'one');
    const about = await newRun(installation, 'overlap');
    const opened = await openSource({ ...about, give_up_scan: null });
    const source: OpenSourceRef = { ...about, fence: opened.fence, scan: opened.scan };
    const [window] = opened.windows;
    if (window === undefined) throw new Error('a scan has a window');
    const { windows, evidence, metrics, ...key } = await run('fetchBatch', {
      source,
      window,
      free_window: 1,
    });
    const merge = { source, batches: [key], windows, evidence, metrics };

    const merges: ReturnType<typeof run<'upsertBatch'>>[] = [];
    await whileLocked('appsync.seen_ids', async () => {
      merges.push(run('upsertBatch', merge));
      await delay(300);
      merges.push(run('upsertBatch', merge));
      await delay(300);
    });
    const [first, second] = await Promise.all(merges);
    expect(first?.metrics).toMatchObject({ read: 50, inserted: 50, updated: 0 });
    expect(second).toEqual(first);
    // A history that is behind: it fetched the batch anew, and got to another place.
    const elsewhere = windows.map((after) => ({ ...after, cursor: 'elsewhere', done: false }));
    await expect(run('upsertBatch', { ...merge, windows: elsewhere })).rejects.toMatchObject({
      type: 'FenceLost',
    });
    while ((await run('completeRecords', { source })).remaining > 0);

    const close: CloseSourceInput = {
      ...about,
      workflow_id: 'source/one',
      fence: opened.fence,
      scan: opened.scan,
      status: 'complete',
      evidence: NO_EVIDENCE,
      metrics: first?.metrics ?? syncMetrics(),
      started_at: new Date().toISOString(),
      error: null,
    };
    const closed = await Promise.all([run('closeSource', close), run('closeSource', close)]);
    expect(closed.map(({ status, certified }) => ({ status, certified }))).toEqual([
      { status: 'complete', certified: true },
      { status: 'complete', certified: true },
    ]);
    const { rows } = await installation.database.pool.query(
      'select last_status, holder_run_id from appsync.source',
    );
    expect(rows).toEqual([{ last_status: 'complete', holder_run_id: null }]);
  });
});

describe('an activity that only records', () => {
  it('heartbeats while Postgres keeps it waiting', async () => {
    const { run } = await activityRunner(installation, 'two');
    const { run_id } = await newRun(installation, 'slow');
    let beats = 0;
    await whileLocked('appsync.run', async () => {
      const recorded = run(
        'recordRun',
        {
          run_id,
          status: 'complete',
          outcome: { metrics: syncMetrics() } as never,
          error: null,
        },
        () => (beats += 1),
      );
      await delay(3_500);
      void recorded;
    });
    expect(beats).toBeGreaterThan(0);
  });
});
