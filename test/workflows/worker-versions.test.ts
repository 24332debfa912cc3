import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCli } from '../../src/cli/main.ts';
import { findStranded, readPolled } from '../../src/client/deployments.ts';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { findTemporalBinary } from '../../src/stack/temporal-binary.ts';
import { run, testIo } from '../cli/fake-io.ts';
import {
  startInstallation,
  type StartedRun,
  type TestInstallation,
} from '../support/installation.ts';
import { environmentOf } from '../support/reconcile.ts';
import { steeringOf } from '../support/steering.ts';
import { testTemporal } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';

/** Longer than a poll is held: a worker that asked before and not since is gone. */
const LATER_MS = 120_000;

let installation: TestInstallation;
let steering: ReturnType<typeof steeringOf>;
let deployment: string;
const workers = new Map<string, WorkerProcess>();

beforeAll(async () => {
  installation = await startInstallation({
    worker: 'spawned',
    world: simpleWorld({ notion: { Tasks: 300 }, airtable: { Orders: 300 } }),
  });
  steering = steeringOf(installation);
  deployment = `test-${installation.id}`;
});
afterAll(() => installation.close());

/** The `temporal` program as a person would use it; the words of a hint may be given. */
async function temporal(...args: readonly string[]): Promise<string> {
  const { path } = findTemporalBinary({
    temporalCliPath: process.env['TEMPORAL_CLI_PATH'],
    env: process.env,
    explain: () => {},
  });
  const address = ['--address', testTemporal().address];
  return (await promisify(execFile)(path, [...args, ...address])).stdout;
}

async function startBuild(buildId: string): Promise<WorkerProcess> {
  const worker = startWorkerProcess(installation, {
    APPSYNC_DEPLOYMENT: deployment,
    APPSYNC_BUILD_ID: buildId,
  });
  workers.set(buildId, worker);
  await until(async () => {
    const polled = await readPolled(installation.temporal, installation.id, Date.now());
    return polled.polling.some((version) => version?.buildId === buildId);
  });
  return worker;
}

const makeCurrent = (buildId: string) => {
  const version = ['--deployment-name', deployment, '--build-id', buildId];
  return temporal('worker', 'deployment', 'set-current-version', '--yes', ...version);
};

/** Builds whose workers completed tasks of a workflow, in order. */
async function buildsOf(workflowId: string): Promise<readonly string[]> {
  const { client } = installation.temporal;
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const builds = (events ?? []).map(
    (event) => event.workflowTaskCompletedEventAttributes?.deploymentVersion?.buildId,
  );
  return [...new Set(builds.filter((build) => typeof build === 'string'))];
}

/** A run in the middle of both sources, which stands still until it is resumed. */
async function startHalfway(): Promise<StartedRun> {
  steering.setLatency(100);
  const started = await installation.start({ kind: 'all' }, { incremental: false, batch_size: 20 });
  for (const alias of ['tasks', 'orders'])
    await until(async () => (await steering.readOf(started, alias)) > 0);
  await steering.control(started, { action: 'pause', sources: [] });
  for (const alias of ['tasks', 'orders']) await until(() => steering.isStandingStill(alias));
  steering.setLatency(0);
  return started;
}

const resume = (started: StartedRun) =>
  steering.control(started, { action: 'resume', sources: [] });

describe('workers of a deployment', () => {
  it('take no new run before their build is current, and the command that starts one says so', async () => {
    await startBuild('1.0');
    const refused = await run('sync all', { env: environmentOf(installation), real: true });
    expect(refused.exitCode).toBe(5);
    expect(refused.stderr).toContain('error: no worker takes new runs');
    expect(refused.stderr).toContain(
      `set-current-version --namespace default --deployment-name ${deployment} --build-id 1.0`,
    );
    await makeCurrent('1.0');
    expect((await installation.sync()).status).toBe('complete');
  });

  it('end a run on the build that it began with, and begin the next on the current one', async () => {
    const old = await startHalfway();
    await startBuild('2.0');
    await makeCurrent('2.0');
    await resume(old);
    const ended = await old.finished();
    expect(ended.status).toBe('complete');
    expect(ended.sources.map(({ read }) => read)).toEqual([300, 300]);
    expect(await buildsOf(old.workflowId)).toEqual(['1.0']);
    const next = await installation.start();
    expect((await next.finished()).status).toBe('complete');
    expect(await buildsOf(next.workflowId)).toEqual(['2.0']);
  });

  it('leave a run behind when their build is gone; it is found and moved as the note says', async () => {
    const started = await startHalfway();
    await startBuild('3.0');
    await makeCurrent('3.0');
    const found = (now: number) => findStranded(installation.temporal, installation.id, now);
    expect(await found(Date.now())).toEqual([]);

    workers.get('2.0')?.child.kill('SIGKILL');
    await workers.get('2.0')?.ended;
    const later = Date.now() + LATER_MS;
    const version = { name: deployment, buildId: '2.0' };
    // The run, its two platforms and its two sources.
    expect(await found(later)).toMatchObject([{ version, workflows: 5 }]);
    const waits = `5 workflows wait for build 2.0 of deployment ${deployment}, which no worker runs`;
    const env = environmentOf(installation);
    const notesOf = async (...args: readonly string[]) => {
      const io = { ...testIo({ env, real: true }), now: () => later };
      expect(await runCli(args, io)).toBe(0);
      return io.err();
    };
    expect(await notesOf('runs', 'show', started.runId)).toContain(waits);
    const notes = await notesOf('runs', 'list');
    expect(notes).toContain(waits);

    const [, command = ''] = /: temporal (workflow update-options .*)/.exec(notes) ?? [];
    const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(
      ([, quoted, word]) => quoted ?? word,
    );
    await temporal(...words.filter((word) => word !== undefined));
    await resume(started);
    const summary = await started.finished();
    expect(summary.status).toBe('complete');
    expect(summary.sources.map(({ read }) => read)).toEqual([300, 300]);
    for (const workflowId of [started.workflowId, steering.sourceId('tasks')])
      expect(await buildsOf(workflowId)).toEqual(['2.0', '3.0']);
    expect(await found(later)).toEqual([]);
  });
});
