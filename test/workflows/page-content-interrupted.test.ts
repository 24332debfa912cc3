import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

const ROWS = 320;
/** Contents that are read at once: so many may be on their way when a worker dies. */
const LANES = 5;
let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    worker: 'spawned',
    world: {
      notion: {
        databases: [
          { title: 'Notes', sources: [{ title: 'Notes', records: ROWS, properties: 'few' }] },
        ],
      },
    },
  });
  await installation.catalog((catalog) => {
    const [source] = catalog.sources;
    if (source !== undefined) source['content'] = 'markdown';
  });
});
afterAll(() => installation.close());

async function count(condition: string): Promise<number> {
  const { rows } = await installation.database.pool.query<{ rows: number }>(
    `select count(*) as rows from notion.notes where ${condition}`,
  );
  return rows[0]?.rows ?? 0;
}
const countRead = () => count('_content is not null').catch(() => 0);
const bodyRequests = () => installation.simulator.log.count({ path: '/markdown' });

/** How many contents are not what the page holds. */
async function wrong(): Promise<number> {
  const { rows } = await installation.database.pool.query<{ id: string; content: string | null }>(
    'select _id as id, _content as content from notion.notes',
  );
  return rows.filter(
    ({ id, content }) => installation.simulator.world.body('Notes', id) !== content,
  ).length;
}

describe('contents that are being read', () => {
  it('go on after a SIGKILL where they were, and none is read twice but those on their way', async () => {
    installation.simulator.knobs.notion.latencyMs = 60;
    const killed = installation.spawnWorker();
    const run = await installation.start();
    await until(async () => (await countRead()) >= ROWS / 4);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(await countRead()).toBeLessThan(ROWS);
    installation.simulator.knobs.notion.latencyMs = 0;
    installation.spawnWorker();
    expect(await run.finished()).toMatchObject({ status: 'complete', totals: { read: ROWS } });
    expect(await wrong()).toBe(0);
    expect(bodyRequests()).toBeLessThanOrEqual(ROWS + LANES);
  });

  it('stop when the run is cancelled, and the next run reads the rest without a scan', async () => {
    const { world, log, knobs } = installation.simulator;
    for (const id of world.ids('Notes')) world.editBody('Notes', id, 'New\n');
    log.clear();
    knobs.notion.latencyMs = 60;
    const run = await installation.start();
    await until(async () => (await count(`_content = 'New\n'`)) >= ROWS / 4);
    await installation.temporal.client.workflow.getHandle(run.workflowId).cancel();
    expect((await run.finished()).status).toBe('cancelled');
    expect(await count(`_content = 'New\n'`)).toBeLessThan(ROWS);
    knobs.notion.latencyMs = 0;
    const scans = log.count({ path: '/query' });
    expect((await installation.sync()).status).toBe('complete');
    expect(log.count({ path: '/query' })).toBe(scans);
    expect(await wrong()).toBe(0);
    expect(bodyRequests()).toBeLessThanOrEqual(ROWS + LANES);
  });

  it('are read to the end over continue-as-new', async () => {
    const { world } = installation.simulator;
    for (const id of world.ids('Notes')) world.editBody('Notes', id, 'Newer\n');
    const summary = await installation.sync({ kind: 'all' }, { incremental: false, batch_size: 1 });
    expect(summary.status).toBe('complete');
    expect(await wrong()).toBe(0);
    let lives = 0;
    const query = `WorkflowId = '${summary.sources[0]?.workflow_id}'`;
    for await (const life of installation.temporal.client.workflow.list({ query }))
      lives += life.status.name === 'CONTINUED_AS_NEW' ? 1 : 0;
    expect(lives).toBeGreaterThan(0);
  });
});
