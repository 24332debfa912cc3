import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';
import { runInstalled } from './installed.ts';

let installation: TestInstallation;
let cwd: string;

beforeAll(async () => {
  installation = await startInstallation({ world: simpleWorld({ notion: { Tasks: 3 } }) });
  cwd = mkdtempSync(join(tmpdir(), 'appsync-schedule-'));
});
afterAll(async () => {
  await installation.close();
  rmSync(cwd, { recursive: true });
});

const command = (line: string | readonly string[]) => runInstalled(line, { installation, cwd });
const document = async (line: string) => {
  const { exitCode, stdout, stderr } = await command(`${line} --json`);
  expect([exitCode, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as unknown;
};
const listed = () => document('schedule list') as Promise<{ schedule: string }[]>;

describe('schedules', () => {
  test('are set, changed, listed, paused, resumed and deleted', async () => {
    expect((await command('schedule list')).stderr).toBe(
      'no schedules yet; next: appsync schedule set --every 15m all\n',
    );
    expect((await command('schedule set --every 15m')).stderr).toBe(
      'schedule all created: what is due of all is synced every 15m\n',
    );
    expect((await command('schedule set --every 30m --preset safe')).stderr).toBe(
      'schedule all changed: what is due of all is synced every 30m\n',
    );
    const cron = ['schedule', 'set', '--cron', '0 6 * * *', 'tasks', '--json'];
    expect((await command(cron)).exitCode).toBe(0);
    // Temporal lists what it was told a moment ago a moment later.
    expect(await until(async () => ((await listed()).length === 2 ? listed() : undefined))).toEqual(
      [
        {
          schedule: 'all',
          target: 'all',
          timing: { kind: 'every', every: '30m' },
          paused_note: null,
          next_at: expect.stringMatching(/Z$/),
          last_at: null,
          skipped: 0,
          missed: 0,
        },
        expect.objectContaining({
          schedule: 'tasks',
          timing: { kind: 'cron', cron: '0 6 * * *' },
          next_at: expect.stringMatching(/T06:0\d:\d\d\.\d+Z$/),
        }),
      ],
    );
    expect((await command('schedule pause')).stderr).toBe(
      'schedule all paused; runs that it started go on\n',
    );
    expect((await listed())[0]).toMatchObject({
      paused_note: 'paused by a person',
      next_at: null,
    });
    expect((await command('schedule list')).stdout).toMatch(/^all\tevery 30m\tpaused\t/m);
    expect(await document('schedule resume')).toEqual({ schedule: 'all', result: 'resumed' });
    expect((await listed())[0]).toMatchObject({ paused_note: null });
    for (const name of ['all', 'tasks']) {
      expect(await document(`schedule delete ${name}`)).toEqual({
        schedule: name,
        result: 'deleted',
      });
    }
    await until(async () => (await listed()).length === 0);
  });

  test.each([
    ['schedule set', 'say when'],
    ['schedule set --every 5s', '--every "5s" is shorter than 10s'],
    ['schedule set --every soon', '--every "soon" is not a duration such as'],
    ['schedule set --every 1h --cron @daily', 'not both'],
    ['schedule set --every 1h nothing', 'unknown target "nothing"'],
    ['schedule pause nothing', 'there is no schedule nothing'],
  ])('%s is a usage error that says why', async (line, why) => {
    const { exitCode, stderr } = await command(line);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(why);
    expect(stderr).toContain('hint: ');
  });
});
