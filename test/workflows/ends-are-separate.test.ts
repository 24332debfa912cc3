import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { platformWorkflowId, sourceWorkflowId } from '../../src/contract/names.ts';
import { simpleWorld } from '../../src/sim/simulator.ts';
import type { RunSummary } from '../../src/contract/summary.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    world: simpleWorld({ notion: { Tasks: 600, People: 600 }, airtable: { Orders: 600 } }),
  });
});
afterAll(() => installation.close());
afterEach(() => setLatency(0));

function setLatency(latencyMs: number): void {
  const { knobs } = installation.simulator;
  knobs.notion.latencyMs = latencyMs;
  knobs.airtable.latencyMs = latencyMs;
}

async function startSlowly() {
  setLatency(150);
  const run = await installation.start({ kind: 'all' }, { incremental: false });
  await until(async () => {
    const { rows } = await installation.database.pool.query<{ at_work: number }>(
      `select count(*)::integer as at_work from appsync.source_run
        where run_id = $1 and (metrics ->> 'read')::integer > 0`,
      [run.runId],
    );
    return rows[0]?.at_work === 3;
  });
  return run;
}

const statuses = (summary: RunSummary) =>
  Object.fromEntries(summary.sources.map((source) => [source.alias, source.status]));
const workflow = (id: string) => installation.temporal.client.workflow.getHandle(id);

describe('a source whose workflow somebody cancels by itself', () => {
  it('ends alone: its siblings go on, and the run is partial', async () => {
    const run = await startSlowly();
    await workflow(sourceWorkflowId(installation.id, 'tasks')).cancel();
    setLatency(0);
    const summary = await run.finished();
    expect(statuses(summary)).toEqual({
      orders: 'complete',
      people: 'complete',
      tasks: 'cancelled',
    });
    expect(summary.status).toBe('partial');
  });
});

describe('a source whose workflow somebody terminates', () => {
  it('is failed with what it counted, and is nobody’s any more', async () => {
    const run = await startSlowly();
    await workflow(sourceWorkflowId(installation.id, 'tasks')).terminate('by a test');
    setLatency(0);
    const summary = await run.finished();
    expect(statuses(summary)).toEqual({ orders: 'complete', people: 'complete', tasks: 'failed' });
    const tasks = summary.sources.find(({ alias }) => alias === 'tasks');
    expect(tasks?.mode).toBe('full');
    expect(tasks?.read).toBeGreaterThan(0);
    const { rows } = await installation.database.pool.query(
      `select last_status, holder_run_id from appsync.source where alias = 'tasks'`,
    );
    expect(rows).toEqual([{ last_status: 'failed', holder_run_id: null }]);
  });
});

describe('a platform whose workflow somebody terminates', () => {
  it('never stops the other platform', async () => {
    const run = await startSlowly();
    await workflow(platformWorkflowId(installation.id, run.runId, 'notion', 0)).terminate(
      'by a test',
    );
    setLatency(0);
    const summary = await run.finished();
    expect(statuses(summary)).toMatchObject({ orders: 'complete' });
    expect(summary.status).toBe('partial');
  });
});

describe('a run that is cancelled', () => {
  it('ends when all of its sources have, and its platforms add up to its totals', async () => {
    // Those of the platform before end by themselves, after they let go of their sources.
    for (const alias of ['tasks', 'people', 'orders']) {
      const handle = workflow(sourceWorkflowId(installation.id, alias));
      await until(async () => (await handle.describe()).status.name !== 'RUNNING');
    }
    const run = await startSlowly();
    await workflow(run.workflowId).cancel();
    setLatency(0);
    const summary = await run.finished();
    expect(statuses(summary)).toEqual({
      orders: 'cancelled',
      people: 'cancelled',
      tasks: 'cancelled',
    });
    const read = summary.platforms.reduce((sum, { totals }) => sum + totals.read, 0);
    expect(read).toBe(summary.totals.read);
    expect(read).toBeGreaterThan(0);
  });
});

describe('a source that cannot be opened', () => {
  it('is nobody’s any more, and says how it ended', async () => {
    await installation.catalog((catalog) => {
      catalog.accounts[0] = { ...catalog.accounts[0], token: 'env:NO_SUCH_TOKEN' };
    });
    await installation.sync({ kind: 'source', name: 'tasks' });
    const { rows } = await installation.database.pool.query(
      `select last_status, holder_run_id from appsync.source where alias = 'tasks'`,
    );
    expect(rows).toEqual([{ last_status: 'failed', holder_run_id: null }]);
  });
});
