import { getMaxListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { followToResult, printStarted } from '../../src/cli/run-result.ts';
import { createOutput } from '../../src/cli/output.ts';
import type { Session } from '../../src/cli/session.ts';
import { connectTemporal, startRun, type TemporalConnection } from '../../src/client.ts';
import { readConfig } from '../../src/config.ts';
import { runWorkflowId } from '../../src/contract/names.ts';
import { DEFAULT_OPTIONS } from '../../src/contract/options.ts';
import { builtInPlatforms } from '../../src/platforms/registry.ts';
import { insertRun } from '../../src/store/runs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testTemporal } from '../support/temporal.ts';
import { testIo, type TestIo } from './fake-io.ts';

let database: TestDatabase;
let temporal: TemporalConnection;
const installation = { id: `cli-${process.pid}`, salt: 'x' };

beforeAll(async () => {
  database = await createTestDatabase();
  temporal = await connectTemporal({ address: testTemporal().address, env: {} });
});
afterAll(async () => {
  await temporal.close();
  await database.drop();
});

/** A run that no worker takes up, so that it goes on for as long as the test wants. */
async function startedRun(runId: string) {
  const workflowId = runWorkflowId(installation.id, runId);
  const target = { kind: 'all' } as const;
  const given = { run_id: runId, filters: {}, options: DEFAULT_OPTIONS };
  await insertRun(database.pool, { ...given, workflow_id: workflowId, target: 'all' });
  await startRun(temporal, { ...given, target, installation: installation.id });
  return { runId, workflowId, webUi: 'http://ui/run' };
}

function session(): Session {
  return {
    config: readConfig({ DATABASE_URL: database.url }, '/nowhere'),
    db: database.pool,
    platforms: builtInPlatforms(),
    installation,
    temporalUiUrl: null,
    keepUp: async () => {},
    temporal: async () => temporal,
    close: async () => {},
  };
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function followAndLeave(io: TestIo, runId: string, json = false, shown = '') {
  const run = await startedRun(runId);
  const output = createOutput(io, json);
  const following = followToResult({ io, output }, session(), run, 2);
  await waitFor(() => io.isFollowed() && io.err().includes(shown));
  io.interrupt();
  return following;
}

describe('the first Ctrl-C detaches', () => {
  test('and says how to follow the run, the terminal as it was', async () => {
    const io = testIo({ stderrTTY: true, env: { APPSYNC_PROGRAM: './dj.sh' } });
    expect(await followAndLeave(io, 'run-tty', false, '0 of 2 sources')).toBe(130);
    expect(io.out()).toBe('');
    expect(io.err()).toContain('detached; run run-tty goes on: ./dj.sh runs watch run-tty');
    expect(io.err().lastIndexOf('\u001B[?25h')).toBeGreaterThan(
      io.err().lastIndexOf('\u001B[?25l'),
    );
    expect(io.exits).toEqual([]);
  });

  test('and gives one document with --json', async () => {
    const io = testIo();
    expect(await followAndLeave(io, 'run-json', true)).toBe(130);
    expect(io.err()).toBe('');
    expect(JSON.parse(io.out())).toEqual({
      run_id: 'run-json',
      workflow_id: runWorkflowId(installation.id, 'run-json'),
      ui_url: 'http://ui/run',
      status: 'running',
    });
  });

  test('the second one exits at once', async () => {
    const io = testIo();
    const run = await startedRun('run-twice');
    const context = { io, output: createOutput(io, false) };
    const following = followToResult(context, session(), run, null);
    await waitFor(() => io.isFollowed());
    io.interrupt();
    io.interrupt();
    expect(io.exits).toEqual([130]);
    expect(await following).toBe(130);
  });
});

test('a run that is terminated ends as an error with a way on', async () => {
  const io = testIo();
  const run = await startedRun('run-terminated');
  const following = followToResult({ io, output: createOutput(io, false) }, session(), run, null);
  await temporal.client.workflow.getHandle(run.workflowId).terminate('enough');
  await expect(following).rejects.toMatchObject({ exitCode: 1, type: 'RunFailed' });
});

test('a run that is followed for long is no leak of listeners: each call to Temporal leaves one', async () => {
  const run = await startedRun('run-long');
  let most = NaN;
  const client = Object.assign(Object.create(temporal.client) as typeof temporal.client, {
    withAbortSignal: <R>(signal: AbortSignal, work: () => Promise<R>) => {
      most = getMaxListeners(signal);
      return temporal.client.withAbortSignal(signal, work);
    },
  });
  const io = testIo();
  const watched = { ...session(), temporal: async () => ({ ...temporal, client }) };
  const following = followToResult({ io, output: createOutput(io, false) }, watched, run, null);
  await waitFor(() => io.isFollowed() && !Number.isNaN(most));
  io.interrupt();
  await following;
  // Node complains on stderr about more than there may be.
  expect(most).toBe(Infinity);
});

test('--no-wait prints the id alone on stdout and ends with 8', () => {
  const io = testIo();
  const run = { runId: 'r1', workflowId: 'run/r1@i', webUi: null };
  expect(printStarted({ io, output: createOutput(io, false) }, run)).toBe(8);
  expect(io.out()).toBe('r1\n');
  expect(io.err()).toBe('started; follow it with: appsync runs watch r1\n');
});
