import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { inTransaction } from '../../src/store/database.ts';
import { holdFence, takeFence } from '../../src/store/sources.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({ world: simpleWorld({ notion: { Tasks: 400 } }) });
});
afterAll(() => installation.close());

const tasks = { kind: 'source', name: 'tasks' } as const;

describe('two runs for one source', () => {
  it('let one sync it and skip it in the other, naming the run that holds it', async () => {
    installation.simulator.knobs.notion.latencyMs = 300;
    const first = await installation.start(tasks);
    await until(async () => {
      const { rows } = await installation.database.pool.query(
        'select holder_run_id from appsync.source where holder_run_id is not null',
      );
      return rows.length > 0;
    });
    const second = await installation.sync(tasks);
    installation.simulator.knobs.notion.latencyMs = 0;
    expect(second.status).toBe('partial');
    expect(second.sources[0]).toMatchObject({ alias: 'tasks', status: 'skipped' });
    expect(second.sources[0]?.error?.message).toContain(first.runId);
    const summary = await first.finished();
    expect(summary).toMatchObject({ status: 'complete', totals: { read: 400, inserted: 400 } });
    expect(second.sources[0]?.workflow_id).toBe(summary.sources[0]?.workflow_id);
    expect(summary.sources[0]?.workflow_id).toMatch(/^source\/tasks/);
  });
});

describe('the fence', () => {
  it('keeps out whoever held it before, and never the one that takes it twice', async () => {
    const { pool } = installation.database;
    const { rows } = await pool.query<{ id: number; alias: string }>(
      'select id, alias from appsync.source',
    );
    const source = rows[0] as { id: number; alias: string };
    const hold = (fence: number) =>
      inTransaction(pool, (tx) =>
        holdFence(tx, { source_id: source.id, alias: source.alias, fence }),
      );
    const first = await takeFence(pool, source, { run_id: 'a', execution: 'one' });
    expect(await takeFence(pool, source, { run_id: 'a', execution: 'one' })).toBe(first);
    await hold(first);
    const second = await takeFence(pool, source, { run_id: 'b', execution: 'two' });
    expect(second).toBeGreaterThan(first);
    await expect(hold(first)).rejects.toMatchObject({ type: 'FenceLost' });
    await hold(second);
  });
});
