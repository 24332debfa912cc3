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

async function holder(): Promise<string | null> {
  const { rows } = await installation.database.pool.query<{ holder: string | null }>(
    `select holder_run_id as holder from appsync.source where alias = 'tasks'`,
  );
  return rows[0]?.holder ?? null;
}

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

describe('many starters at once', () => {
  it('let exactly one sync the source, and all others say which run does', async () => {
    installation.simulator.knobs.notion.latencyMs = 300;
    const full = { incremental: false };
    const runs = await Promise.all([
      installation.start({ kind: 'all' }, full),
      installation.start(tasks, full),
      installation.start({ kind: 'platform', name: 'notion' }, full),
      installation.start(tasks, full),
    ]);
    await until(async () => (await holder()) !== null);
    installation.simulator.knobs.notion.latencyMs = 0;
    const summaries = await Promise.all(runs.map((run) => run.finished()));
    const winners = summaries.filter(({ status }) => status === 'complete');
    expect(winners).toMatchObject([{ totals: { read: 400, inserted: 0, unchanged: 400 } }]);
    for (const loser of summaries.filter((summary) => !winners.includes(summary))) {
      expect(loser.status).toBe('partial');
      expect(loser.sources).toMatchObject([
        {
          status: 'skipped',
          error: {
            type: 'AlreadySyncing',
            message: `run ${winners[0]?.run_id ?? ''} is syncing it`,
            hint: `appsync runs watch ${winners[0]?.run_id ?? ''}`,
          },
        },
      ]);
    }
  });
});

describe('the same database used through another Temporal server', () => {
  it('lets the later one sync, and the earlier one says that it lost the source and to whom', async () => {
    const elsewhere = await installation.elsewhere();
    installation.simulator.knobs.notion.latencyMs = 200;
    const first = await installation.start(tasks, { incremental: false, batch_size: 50 });
    await until(async () => (await holder()) === first.runId);
    const second = await elsewhere.start(tasks, { incremental: false, batch_size: 50 });
    await until(async () => (await holder()) === second.runId);
    installation.simulator.knobs.notion.latencyMs = 0;
    const [lost, won] = [await first.finished(), await second.finished()];
    expect(won).toMatchObject({ status: 'complete', sources: [{ certified: true }] });
    expect(lost).toMatchObject({ status: 'failed', sources: [{ status: 'failed' }] });
    expect(lost.sources[0]?.error).toMatchObject({ type: 'FenceLost' });
    expect(lost.sources[0]?.error?.message).toContain(`run ${second.runId} took over`);
    const { rows } = await installation.database.pool.query<{ rows: number }>(
      'select count(*)::integer as rows from notion.tasks',
    );
    expect(rows).toEqual([{ rows: 400 }]);
    expect(await holder()).toBeNull();
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
