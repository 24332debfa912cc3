import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

const PER_SECOND = 5;
let installation: TestInstallation;

beforeAll(async () => {
  const tables = ['One', 'Two', 'Three', 'Four'].map((title) => ({
    title,
    records: 600,
    fields: 'few' as const,
  }));
  installation = await startInstallation({
    worker: 'spawned',
    limits: true,
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

describe('two workers of one account', () => {
  it('share the work and never exceed the budget in any window', async () => {
    const pids = [installation.spawnWorker().pid, installation.spawnWorker().pid];
    const summary = await installation.sync({ kind: 'all' }, { max_concurrent: 4 });
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
