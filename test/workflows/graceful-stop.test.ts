import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';
import { probe, startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';

const ROWS = 2_500;
/** After the grace time: for what was cancelled to end and for everything to be closed. */
const OWN_END_SECONDS = 5;
let installation: TestInstallation;
const workers: WorkerProcess[] = [];

beforeAll(async () => {
  installation = await startInstallation({
    worker: 'spawned',
    notion: { latencyMs: 100 },
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
  installation.simulator.faults.clear();
  await installation.close();
  await Promise.all(workers.map(({ ended }) => ended));
});

function startWorker(graceSeconds: number): WorkerProcess {
  const worker = startWorkerProcess(installation, { APPSYNC_GRACE_SECONDS: String(graceSeconds) });
  workers.push(worker);
  return worker;
}

async function mergedBatches(): Promise<number> {
  const { rows } = await installation.database.pool.query<{ merged: number }>(
    'select count(*)::integer as merged from appsync.batch',
  );
  return rows[0]?.merged ?? 0;
}

/** Requests that were answered, or that a fault leaves without an answer. */
const loggedRequests = () => installation.simulator.log.count({ path: '/query' });

/** Answers that come in from now on take so long; `waiting` tells how many requests have met it. */
function delayAnswers(ms: number) {
  let met = 0;
  // The simulator logs a request when it has answered it; it asks for the delay when the request arrives.
  Object.defineProperty(installation.simulator.knobs.notion, 'latencyMs', {
    configurable: true,
    get: () => {
      met += 1;
      return ms;
    },
  });
  return { waiting: () => met };
}

/** Ends within so many seconds, or the test fails; gives how. */
async function endOf(worker: WorkerProcess, seconds: number) {
  let end: { code: number | null; signal: string | null } | null = null;
  void worker.ended.then((how) => {
    end = how;
  });
  await until(() => end !== null, seconds);
  return worker.ended;
}

async function expectWhole(): Promise<void> {
  const truth = installation.simulator.world.truth('Big');
  expect(await compareWithTruth(installation.database.pool, 'notion.big', truth)).toEqual({
    rows: ROWS,
    expected: ROWS,
    lost: 0,
    surplus: 0,
    different: 0,
  });
}

describe('a worker that is told to stop in the middle of an import', () => {
  it('drains: it is no longer ready, ends what it began, exits with 0, and another one goes on', async () => {
    const first = startWorker(10);
    const url = await first.healthUrl();
    const run = await installation.start();
    await until(async () => (await mergedBatches()) >= 5);
    // Within the grace time, and long enough to look at it while it drains.
    const slow = delayAnswers(7_000);
    await until(() => slow.waiting() > 0);
    first.child.kill('SIGTERM');
    await until(async () => (await probe(`${url}/readyz`)).status === 503, 3);
    expect((await probe(`${url}/readyz`)).text).toContain('draining');
    expect((await probe(`${url}/healthz`)).status).toBe(200);
    delayAnswers(0);
    expect(await endOf(first, 10 + OWN_END_SECONDS)).toEqual({ code: 0, signal: null });
    expect(first.log()).not.toContain('did not end in time');

    startWorker(10);
    const summary = await run.finished();
    expect(summary).toMatchObject({ status: 'complete', totals: { read: ROWS, inserted: ROWS } });
    await expectWhole();
  });

  it('cancels after the grace time what does not end, and another worker does it again', async () => {
    for (const { child } of workers) child.kill('SIGKILL');
    const { faults, world } = installation.simulator;
    world.editSome('Big', ROWS);
    const first = startWorker(1);
    await first.healthUrl();
    faults.add({ platform: 'notion', path: '/query', nth: 4, effect: { kind: 'stall headers' } });
    const began = loggedRequests();
    const run = await installation.start({ kind: 'all' }, { incremental: false });
    await until(() => loggedRequests() >= began + 4);
    first.child.kill('SIGINT');
    expect(await endOf(first, 1 + OWN_END_SECONDS)).toEqual({ code: 0, signal: null });

    startWorker(10);
    const summary = await run.finished();
    expect(summary).toMatchObject({ status: 'complete', totals: { read: ROWS, updated: ROWS } });
    expect(summary.totals.retries).toBeGreaterThan(0);
    await expectWhole();
  });

  it('ends at once with a second signal', async () => {
    for (const { child } of workers) child.kill('SIGKILL');
    installation.simulator.faults.add({
      platform: 'notion',
      path: '/query',
      effect: { kind: 'stall headers' },
    });
    const worker = startWorker(600);
    await worker.healthUrl();
    const began = loggedRequests();
    const run = await installation.start();
    await until(() => loggedRequests() > began);
    worker.child.kill('SIGTERM');
    await until(() => worker.log().includes('worker drains'));
    worker.child.kill('SIGTERM');
    expect(await endOf(worker, 5)).toEqual({ code: 143, signal: null });
    installation.simulator.faults.clear();
    startWorker(10);
    expect(await run.finished()).toMatchObject({ status: 'complete' });
  });
});
