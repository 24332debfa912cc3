import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { NOTION_TOKEN, simpleWorld } from '../../src/sim/simulator.ts';
import { reconcile } from '../support/reconcile.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

const PLANTED = 'sentinel-7f3a-planted-in-a-record';
let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    world: simpleWorld({ notion: { Tasks: 120 }, airtable: { Orders: 30 } }),
  });
});
afterAll(() => installation.close());

async function histories(query: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { workflowId, runId } of installation.temporal.client.workflow.list({ query })) {
    const history = await installation.temporal.client.workflow
      .getHandle(workflowId, runId)
      .fetchHistory();
    found.push(decodePayloads(JSON.stringify(historyToJSON(history))));
  }
  return found;
}

/** Payloads are base64 in an exported history: what they hold counts, not how they are written. */
function decodePayloads(json: string): string {
  return json.replaceAll(/"data":"([A-Za-z0-9+/=]+)"/g, (_, data: string) =>
    Buffer.from(data, 'base64').toString(),
  );
}

describe('workflow histories', () => {
  it('hold no content of a record and no token, also when the source fails', async () => {
    const { world, faults } = installation.simulator;
    const [id = ''] = world.ids('Tasks');
    world.editRecord('Tasks', id, { Name: PLANTED });
    await installation.sync();
    await installation.database.pool.query(`update notion.tasks set _hash = null`);
    const compared = await reconcile(installation, 'all --full');
    expect(compared.of('tasks')).toMatchObject({ changed: 119, behind: 1 });
    faults.add({
      platform: 'notion',
      effect: {
        kind: 'answer',
        status: 401,
        body: {
          object: 'error',
          status: 401,
          code: 'unauthorized',
          message: `API token ${NOTION_TOKEN} is invalid.`,
        },
      },
    } as never);
    const failed = await installation.sync(
      { kind: 'source', name: 'tasks' },
      { incremental: false },
    );
    faults.clear();
    expect(failed.sources[0]?.status).toBe('failed');
    const texts = await histories(`AppsyncTarget = 'all' OR AppsyncPlatform = 'notion'`);
    expect(texts.some((text) => text.includes('compareBatch'))).toBe(true);
    expect(texts.length).toBeGreaterThan(3);
    for (const text of texts) {
      expect(text).not.toContain(PLANTED);
      expect(text).not.toContain(NOTION_TOKEN);
    }
  });
});
