import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { taskQueue } from '../../src/contract/names.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

const PER_SECOND = 5;
let installation: TestInstallation;

beforeAll(async () => {
  const tables = ['1', '2', '3', '4', '5', '6', '7', '8'].map((number) => ({
    title: `Table ${number}`,
    records: 300,
    fields: 'few' as const,
  }));
  installation = await startInstallation({
    worker: 'spawned',
    limits: true,
    airtable: { rateLimit: PER_SECOND },
    world: { airtable: { bases: [{ name: 'Base', tables }] } },
  });
});
afterAll(() => installation.close());

/** Which workers ran activities of a source: `pid@host` as their histories say. */
async function workersOf(workflowIds: readonly string[]): Promise<Set<string>> {
  const identities = new Set<string>();
  for (const workflowId of workflowIds) {
    const { events } = await installation.temporal.client.workflow
      .getHandle(workflowId)
      .fetchHistory();
    for (const event of events ?? []) {
      const identity = event.activityTaskStartedEventAttributes?.identity;
      if (identity !== undefined && identity !== null) identities.add(identity);
    }
  }
  return identities;
}

async function pollers(): Promise<number> {
  const { client } = installation.temporal;
  const { pollers: found } = await client.workflowService.describeTaskQueue({
    namespace: 'default',
    taskQueue: { name: taskQueue(installation.id) },
    taskQueueType: 1,
  });
  return found?.length ?? 0;
}

describe('two workers of one account', () => {
  it('share the work and never exceed the budget in any window', async () => {
    const pids = [installation.spawnWorker().pid, installation.spawnWorker().pid];
    await until(async () => (await pollers()) === 2);
    const summary = await installation.sync({ kind: 'all' }, { max_concurrent: 8 });
    expect(summary).toMatchObject({
      status: 'complete',
      totals: { read: 2_400, rate_limited: 0 },
    });
    const { log } = installation.simulator;
    expect(log.maxInWindow(1_000, { platform: 'airtable' })).toBeLessThanOrEqual(PER_SECOND);
    expect(log.count({ status: 429 })).toBe(0);
    const identities = await workersOf(summary.sources.map((source) => source.workflow_id));
    expect(new Set([...identities].map((identity) => Number(identity.split('@')[0])))).toEqual(
      new Set(pids),
    );
  });
});
