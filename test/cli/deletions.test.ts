import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { testTemporal } from '../support/temporal.ts';
import { run } from './fake-io.ts';

let installation: TestInstallation;
let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'appsync-cli-'));
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          { title: 'Tasks', sources: [{ title: 'Tasks', records: 200, properties: 'few' }] },
        ],
      },
    },
  });
  await installation.sync();
});
afterAll(async () => {
  await installation.close();
  rmSync(cwd, { recursive: true });
});

const command = (line: string) =>
  run(line, {
    cwd,
    env: { DATABASE_URL: installation.database.url, TEMPORAL_ADDRESS: testTemporal().address },
  });

describe('a person at the command line', () => {
  it('sees why a source may be believed', async () => {
    const { stdout, exitCode } = await command('runs show --json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      sources: [
        {
          alias: 'tasks',
          certified: true,
          certificate: {
            mode: 'full',
            since: null,
            windows: 1,
            pages: 2,
            rows: 200,
            records: 200,
            cap_hits: 0,
            cursor_restarts: 0,
            first: expect.stringMatching(/^20\d\d-.*Z [0-9a-f-]{36}$/),
            last: expect.stringMatching(/^20\d\d-.*Z [0-9a-f-]{36}$/),
            began_at: expect.stringMatching(/Z$/),
            server_time: expect.stringMatching(/Z$/),
            sweep: { missing: 0, deleted: 0, held: 0 },
            missing: [],
          },
        },
      ],
    });
    expect((await command('runs show')).stdout).toMatch(/tasks\tfull\t1\t2\t200\t200\t0\t0\twhole/);
  });

  it('is asked before many rows are marked as deleted', async () => {
    const { world } = installation.simulator;
    for (const id of world.ids('Tasks').slice(0, 80)) world.deleteRecord('Tasks', id);
    await installation.sync({ kind: 'all' }, { incremental: false });
    const unanswered = await command('sources accept-deletions tasks');
    expect(unanswered.exitCode).toBe(2);
    expect(unanswered.stderr).toContain('appsync sources accept-deletions tasks --yes');

    const accepted = await command('sources accept-deletions tasks --yes --json');
    expect(accepted.exitCode).toBe(0);
    expect(JSON.parse(accepted.stdout)).toMatchObject({
      status: 'complete',
      totals: { deleted: 80 },
    });
    const again = await command('sources accept-deletions tasks --yes');
    expect(again.stderr).toContain('no deletions of tasks wait for consent');
  });

  it.each([
    ['--max-delete 101', '--max-delete must be from 0% to 100%, not "101"'],
    ['--max-delete many', '--max-delete must be from 0% to 100%, not "many"'],
  ])('is told what %s should be', async (option, message) => {
    const { exitCode, stderr } = await command(`tasks ${option}`);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});
