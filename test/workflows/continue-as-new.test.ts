import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { startOwnTemporal, type OwnTemporal } from '../support/servers.ts';
import { steeringOf } from '../support/steering.ts';
import { until } from '../support/until.ts';

const ROWS = Number(process.env['APPSYNC_LONG_ROWS'] ?? 1_300);
const BATCH = Number(process.env['APPSYNC_LONG_BATCH'] ?? 10);
/** The server suggests to continue as new after so many events: a batch is about twelve. */
const SUGGESTED = 60;
let server: OwnTemporal;
let installation: TestInstallation;

beforeAll(async () => {
  server = await startOwnTemporal([
    `limit.historyCount.suggestContinueAsNew=${SUGGESTED}`,
    // Its own second between two runs of a chain would be most of the time that this takes.
    'history.workflowIdReuseMinimalInterval="10ms"',
  ]);
  installation = await startInstallation({
    temporal: server.address,
    notion: { queryCap: BATCH * 100 },
    world: {
      notion: {
        databases: [
          { title: 'Big', sources: [{ title: 'Big', records: ROWS, properties: 'few' }] },
        ],
      },
    },
  });
});
afterAll(async () => {
  await installation.close();
  await server.stop();
});

const big = { kind: 'source', name: 'big' } as const;

/** Events of every run in the chain of the source's workflow. */
async function chain(workflowId: string): Promise<readonly number[]> {
  const { workflow } = installation.temporal.client;
  const lengths: number[] = [];
  for await (const run of workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    lengths.push(run.historyLength ?? 0);
  }
  return lengths;
}

async function expectTruth() {
  const truth = installation.simulator.world.truth('Big');
  expect(await compareWithTruth(installation.database.pool, 'notion.big', truth)).toEqual({
    rows: ROWS,
    expected: ROWS,
    lost: 0,
    surplus: 0,
    different: 0,
  });
}

describe('an import whose workflow continues as new every few batches', () => {
  it('has exact totals and a certificate over twenty and more runs', async () => {
    const summary = await installation.sync(big, { batch_size: BATCH });
    expect(summary).toMatchObject({
      status: 'complete',
      totals: { read: ROWS, inserted: ROWS, updated: 0, unchanged: 0 },
      sources: [{ certified: true, batches: expect.any(Number) }],
    });
    await expectTruth();
    const lengths = await chain(summary.sources[0]?.workflow_id ?? '');
    if (process.env['APPSYNC_LONG_ROWS'] !== undefined) {
      process.stderr.write(`${lengths.length} runs of ${Math.max(...lengths)} events at most\n`);
    }
    // The first run of a chain continues nothing.
    expect(lengths.length - 1).toBeGreaterThanOrEqual(20);
    expect(Math.max(...lengths)).toBeLessThan(3 * SUGGESTED);
  });

  it('is paused, changed and resumed whichever of its runs the request meets', async () => {
    const steering = steeringOf(installation);
    const run = await installation.start(big, { batch_size: BATCH, incremental: false });
    const steps = Math.min(8, ROWS / BATCH / 10);
    for (let step = 1; step <= steps; step += 1) {
      const from = (ROWS / 2 / steps) * step;
      await until(async () => (await steering.readOf(run, 'big')) >= from, 600);
      await steering.control(run, { action: 'pause', sources: [] });
      await until(() => steering.isStandingStill('big'), 60);
      await steering.control(run, { action: 'set', settings: { batch_size: BATCH + (step % 2) } });
      await steering.control(run, { action: 'resume', sources: [] });
    }
    expect(await run.finished()).toMatchObject({
      status: 'complete',
      totals: { read: ROWS, inserted: 0, updated: 0, unchanged: ROWS },
    });
    await expectTruth();
  });
});
