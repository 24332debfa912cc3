import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { steeringOf } from '../support/steering.ts';
import { until } from '../support/until.ts';
import { runInstalled } from './installed.ts';

let installation: TestInstallation;
let steering: ReturnType<typeof steeringOf>;
let cwd: string;

beforeAll(async () => {
  installation = await startInstallation({
    // Runs that are cancelled are gone on with: none may come to the end of its source.
    world: simpleWorld({ notion: { People: 1_000, Tasks: 1_000 } }),
  });
  steering = steeringOf(installation);
  cwd = mkdtempSync(join(tmpdir(), 'appsync-control-'));
});
afterAll(async () => {
  await installation.close();
  rmSync(cwd, { recursive: true });
});

const command = (line: string) => runInstalled(line, { installation, cwd });
const document = async (line: string) => {
  const { exitCode, stdout, stderr } = await command(`${line} --json`);
  expect(stderr).toBe('');
  return { exitCode, ...(JSON.parse(stdout) as Record<string, unknown>) };
};

async function startSlowly() {
  steering.setLatency(150);
  const run = await installation.start({ kind: 'all' }, { incremental: false, batch_size: 50 });
  for (const alias of ['people', 'tasks']) {
    await until(async () => (await steering.readOf(run, alias)) > 0);
  }
  return run;
}

describe('a run at work', () => {
  test('is paused, shown as such, changed, resumed, and a source of it is cancelled', async () => {
    const run = await startSlowly();
    const paused = await document('runs pause');
    expect(paused).toMatchObject({ exitCode: 0, run_id: run.runId, status: 'running' });
    expect(paused).toMatchObject({ paused_since: expect.stringMatching(/Z$/), paused_sources: {} });
    const since = paused as unknown as { paused_since: string };
    expect((await command('runs list')).stdout).toContain(`${run.runId}\tall\tpaused\t`);
    expect(await document('runs show')).toMatchObject({ paused_since: since.paused_since });
    expect((await command('runs show')).stderr).toContain(
      `paused since ${since.paused_since}; go on with: appsync runs resume ${run.runId}`,
    );

    const set = await command(`runs set ${run.runId} --batch-size 200 --rate-limit 900`);
    expect(set).toMatchObject({ exitCode: 0, stdout: '' });
    expect(set.stderr).toBe(
      `run ${run.runId}: batch_size 200, rate_limit 900, from the next batch or source on\n`,
    );
    const cancelled = await document('runs cancel --source tasks');
    expect(cancelled).toMatchObject({ exitCode: 0, cancelled_sources: ['tasks'] });

    steering.setLatency(0);
    expect(await command('runs resume')).toMatchObject({
      exitCode: 0,
      stderr: `run ${run.runId}: goes on\n`,
    });
    expect((await run.finished()).sources).toMatchObject([
      { alias: 'people', status: 'complete' },
      { alias: 'tasks', status: 'cancelled' },
    ]);
  });

  test('is cancelled as a whole, and the command waits for its end', async () => {
    const run = await startSlowly();
    const cancelled = await document('runs cancel --yes');
    expect(cancelled).toMatchObject({ exitCode: 0, run_id: run.runId, status: 'cancelled' });
    steering.setLatency(0);
    const again = await command(`runs cancel ${run.runId} --yes`);
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toContain(`run ${run.runId} has ended: cancelled`);
    expect((await command('runs pause')).stderr).toContain('no run is at work');
  });
});

describe('what cannot be done', () => {
  test('is a usage error with a way on', async () => {
    const run = await startSlowly();
    const unknown = await command('runs pause --source nobody');
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain('nobody is not a source of this run');
    expect((await command('runs set')).stderr).toContain('nothing to set is named');
    expect((await command('runs set --batch-size 0')).exitCode).toBe(2);
    expect((await command('runs pause no-such-run')).exitCode).toBe(2);
    await steering.control(run, { action: 'cancel', sources: ['tasks'] });
    await until(async () => !('tasks' in (await steering.holders())));
    const ended = await command('runs pause --source tasks');
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain('tasks has ended in this run: cancelled');
    steering.setLatency(0);
    await run.finished();
  });
});

describe('a run whose workflow is gone', () => {
  test('is listed as lost, steered no more, and ended by cancelling it', async () => {
    const run = await startSlowly();
    const { client } = installation.temporal;
    await client.workflow.getHandle(run.workflowId).terminate('by a test');
    const listed = await command('runs list');
    expect(listed.stdout).toContain(`${run.runId}\tall\tlost\t`);
    expect(listed.stderr).toContain(
      `its workflow is terminated; end it with: appsync runs cancel ${run.runId}`,
    );
    const paused = await command(`runs pause ${run.runId}`);
    expect(paused.exitCode).toBe(1);
    expect(paused.stderr).toContain('cannot go on: its workflow is terminated');
    const cancelled = await document(`runs cancel ${run.runId}`);
    expect(cancelled).toMatchObject({ exitCode: 0, status: 'cancelled' });
    steering.setLatency(0);
    expect(await steering.holders()).toEqual({});
    const next = await syncUntilFree();
    expect(next.status).toBe('complete');
  });

  test('or was never on this Temporal is lost, too, but one that is about to start is not', async () => {
    const { pool } = installation.database;
    await pool.query(
      `insert into appsync.run (id, workflow_id, target, filters, options, started_at)
       values ('old', 'run/old', 'all', '{}', '{}', now() - interval '2 minutes'),
              ('new', 'run/new', 'all', '{}', '{}', now())`,
    );
    const { stdout, stderr } = await command('runs list');
    expect(stdout).toContain('old\tall\tlost\t');
    expect(stdout).toContain('new\tall\trunning\t');
    expect(stderr).toContain('its workflow is unknown to this Temporal');
    expect((await command('runs watch old')).stderr).toContain('appsync runs cancel old');
    expect((await command('runs cancel old')).stderr).toContain('its sources are free');
    expect((await command('runs list')).stdout).toContain('old\tall\tcancelled\t');
  });

  /** Children of a terminated run are asked to end and take a moment to. */
  async function syncUntilFree() {
    for (;;) {
      const summary = await installation.sync();
      if (summary.sources.every(({ status }) => status !== 'skipped')) return summary;
    }
  }
});
