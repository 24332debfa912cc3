import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NOTION_TOKEN, simpleWorld } from '../../src/sim/simulator.ts';
import { historiesOf } from '../support/histories.ts';
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
    const histories = await historiesOf(
      installation.temporal.client,
      `AppsyncTarget = 'all' OR AppsyncPlatform = 'notion'`,
    );
    expect(histories.some(({ text }) => text.includes('compareBatch'))).toBe(true);
    expect(histories.length).toBeGreaterThan(3);
    // Payloads are looked into: aliases of sources are in them.
    expect(histories.some(({ text }) => text.includes('"alias\\":\\"tasks\\"'))).toBe(true);
    for (const { text } of histories) {
      expect(text).not.toContain(PLANTED);
      expect(text).not.toContain(NOTION_TOKEN);
    }
  });
});
