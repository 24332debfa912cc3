import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Environment } from '../../src/config.ts';
import type { RunSummary } from '../../src/contract/summary.ts';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { testTemporal } from '../support/temporal.ts';
import { run } from './fake-io.ts';

let installation: TestInstallation;
let env: Environment;

beforeAll(async () => {
  installation = await startInstallation({
    world: simpleWorld({ notion: { Tasks: 250, People: 30 } }),
  });
  env = {
    DATABASE_URL: installation.database.url,
    TEMPORAL_ADDRESS: testTemporal().address,
    TEMPORAL_UI_URL: 'http://127.0.0.1:8233',
  };
});
afterAll(() => installation.close());

const sync = (line: string, terminal: object = {}) => run(line, { env, real: true, ...terminal });

describe('a sync', () => {
  test('with --json prints the summary of the run and nothing else', async () => {
    const { exitCode, stdout, stderr } = await sync('all --json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const summary = JSON.parse(stdout) as RunSummary;
    expect(summary).toMatchObject({
      target: 'all',
      status: 'complete',
      totals: { sources: 2, read: 280, inserted: 280 },
      sources: [
        { alias: 'people', status: 'complete', mode: 'full', certified: true, read: 30 },
        { alias: 'tasks', status: 'complete', mode: 'full', certified: true, read: 250 },
      ],
    });
    expect(summary.run_id).toMatch(/^\d{8}-\d{6}-[0-9a-f]{4}$/);
  });

  test('in a pipe gives rows on stdout and what happened on stderr', async () => {
    const { exitCode, stdout, stderr } = await sync('sync-full people');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^people\tcomplete\t30\t0\t0\t30\t0\t0\t\d+\tfull\n$/);
    expect(stderr).toMatch(/^run \d{8}-\d{6}-[0-9a-f]{4}: people, 1 source$/m);
    expect(stderr).toMatch(/^people: complete, 30 records/m);
    expect(stderr).toMatch(/http:\/\/127\.0\.0\.1:8233\/namespaces\/default\/workflows\/run%2F/);
  });

  test('on a terminal shows progress, then a table', async () => {
    const { exitCode, stdout, stderr } = await sync('sync-full', {
      stdoutTTY: true,
      stderrTTY: true,
    });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('SOURCE');
    expect(stderr).toContain('of 2 sources done');
    expect(stderr.split('\u001B[?25l').length).toBe(stderr.split('\u001B[?25h').length);
  });

  test('of a platform without sources says so and is ok', async () => {
    const { exitCode, stdout, stderr } = await sync('airtable');
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(stderr).toContain('no source matched, nothing to do');
  });

  test('that is not waited for can be watched to its end', async () => {
    const started = await sync('people --no-wait --json');
    expect(started.exitCode).toBe(8);
    const { run_id, status, ui_url } = JSON.parse(started.stdout) as Record<string, string>;
    expect({ status, ui_url }).toEqual({
      status: 'running',
      ui_url: expect.stringContaining('http://127.0.0.1:8233/'),
    });
    const watched = await sync(`runs watch ${run_id} --json`);
    expect(watched.exitCode).toBe(0);
    expect(JSON.parse(watched.stdout)).toMatchObject({ run_id, status: 'complete' });
    const again = await sync('runs watch');
    expect(again.exitCode).toBe(0);
    expect(again.stdout).toMatch(/^people\tcomplete\t/);
  });

  test('after a full one is planned as incremental', async () => {
    const { stdout } = await sync('sync-dry --json');
    expect(JSON.parse(stdout)).toMatchObject({
      sources: [
        { alias: 'people', mode: 'incremental', records: { most: 30 } },
        { alias: 'tasks', mode: 'incremental', records: { most: 250 } },
      ],
    });
  });
});
