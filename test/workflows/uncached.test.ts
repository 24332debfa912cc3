import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { steeringOf } from '../support/steering.ts';
import { until } from '../support/until.ts';

const ROWS = 120;
let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    // Workflow code runs from its first line at every step.
    maxCachedWorkflows: 0,
    world: simpleWorld({ notion: { Tasks: ROWS }, airtable: { Orders: ROWS } }),
  });
  await installation.catalog(({ sources }) => {
    for (const source of sources) if (source.alias === 'tasks') source['content'] = 'markdown';
  });
});
afterAll(() => installation.close());

describe('a worker that remembers no workflow', () => {
  it('brings a run over both platforms, a pause and contents to the same end', async () => {
    const steering = steeringOf(installation);
    const { pool } = installation.database;
    steering.setLatency(100);
    const run = await installation.start({ kind: 'all' }, { batch_size: 20 });
    const aliases = ['tasks', 'orders'];
    for (const alias of aliases) await until(async () => (await steering.readOf(run, alias)) > 0);
    await steering.control(run, { action: 'pause', sources: [] });
    for (const alias of aliases) await until(() => steering.isStandingStill(alias));
    steering.setLatency(0);
    await steering.control(run, { action: 'resume', sources: [] });

    expect(await run.finished()).toMatchObject({
      status: 'complete',
      totals: { read: 2 * ROWS, inserted: 2 * ROWS, updated: 0, deleted: 0 },
    });
    for (const [table, title] of [
      ['notion.tasks', 'Tasks'],
      ['airtable.orders', 'Orders'],
    ] as const) {
      const truth = installation.simulator.world.truth(title, { fieldsById: true });
      expect(await compareWithTruth(pool, table, truth)).toEqual({
        rows: ROWS,
        expected: ROWS,
        lost: 0,
        surplus: 0,
        different: 0,
      });
    }
    const { rows } = await pool.query(
      'select count(*)::integer as read from notion.tasks where _content_at is not null',
    );
    expect(rows).toEqual([{ read: ROWS }]);
  });

  it('has no workflow task that failed', async () => {
    const { client } = installation.temporal;
    const failed: string[] = [];
    let seen = 0;
    const query = `TaskQueue = 'appsync-${installation.id}'`;
    for await (const { workflowId, runId } of client.workflow.list({ query })) {
      const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      seen += 1;
      if (events?.some((event) => event.workflowTaskFailedEventAttributes)) failed.push(workflowId);
    }
    expect(seen).toBeGreaterThanOrEqual(5);
    expect(failed).toEqual([]);
  });
});
