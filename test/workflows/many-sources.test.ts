import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

const SOURCES = Number(process.env['APPSYNC_MANY_SOURCES'] ?? 320);
let installation: TestInstallation;

beforeAll(async () => {
  const titles = Array.from({ length: SOURCES }, (_, i) => `Source ${String(i).padStart(4, '0')}`);
  installation = await startInstallation({
    world: {
      notion: {
        databases: titles.map((title) => ({
          title,
          sources: [{ title, records: 3, properties: [{ name: 'Name', type: 'title' }] }],
        })),
      },
    },
  });
});
afterAll(() => installation.close());

describe('a run over more sources than one platform workflow takes', () => {
  it('finishes with every history and result within bounds', async () => {
    const started = await installation.start({ kind: 'all' }, { max_concurrent: 20 });
    const summary = await started.finished();
    expect(summary).toMatchObject({
      status: 'complete',
      totals: { sources: SOURCES, read: 3 * SOURCES, inserted: 3 * SOURCES },
    });
    const { client } = installation.temporal;
    const parts: string[] = [];
    for await (const run of client.workflow.list({ query: `WorkflowType = 'syncPlatform'` })) {
      if (run.workflowId.includes(started.runId)) parts.push(run.workflowId);
    }
    expect(parts).toHaveLength(Math.ceil(SOURCES / 300));
    for (const workflowId of [...parts, started.workflowId]) {
      const { historyLength, historySize } = await client.workflow.getHandle(workflowId).describe();
      expect(historyLength).toBeLessThan(4_096);
      expect(historySize).toBeLessThan(4 * 1024 * 1024);
    }
    const result = await client.workflow.getHandle(started.workflowId).result();
    expect(JSON.stringify(result).length).toBeLessThan(32_768);
  }, 600_000);
});
