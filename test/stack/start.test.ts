import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { AppsyncError } from '../../src/errors.ts';
import { isListening } from '../../src/stack/ports.ts';
import { ensureStack, stackStatus, stopStack, type StackSettings } from '../../src/stack/stack.ts';
import { createReapedDirectory, type ReapedDirectory } from '../support/reaped-directory.ts';
import { processesOf, stackSettings, supervisorOf } from '../support/stack.ts';

let directory: ReapedDirectory;
beforeAll(async () => {
  directory = await createReapedDirectory();
});
afterAll(() => directory.end());

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

const portOf = (address: string) => Number(new URL(address).port);

describe('a stack', () => {
  let settings: StackSettings;
  beforeAll(async () => {
    settings = await stackSettings(join(directory.path, 'with a space'));
  });

  test('starts once, also when two commands ask for it at the same time, and says what it did', async () => {
    const steps: string[] = [];
    const [first, second] = await Promise.all([
      ensureStack(settings, (step) => steps.push(step)),
      ensureStack(settings, (step) => steps.push(step)),
    ]);
    expect(second).toEqual(first);
    expect(processesOf(settings.home)).toHaveLength(4);
    expect(steps.toSorted()).toEqual([
      expect.stringMatching(/^Postgres 18\.\d+ ready on port \d+ \(\d+\.\d s\)$/),
      expect.stringMatching(
        /^Temporal \d+\.\d+\.\d+ ready on port \d+, Web UI on port \d+ \(.* s\)$/,
      ),
      expect.stringMatching(/^worker started, pid \d+ \(\d+\.\d s\)$/),
    ]);
    expect(await query(first.databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await isListening(portOf(`tcp://${first.temporalAddress}`))).toBe(true);
    expect((await fetch(first.temporalUiUrl ?? '')).status).toBe(200);
  });

  test('is found again', async () => {
    const before = await stackStatus(settings);
    await ensureStack(settings, (step) => expect(step).toBe('nothing to do'));
    expect(await stackStatus(settings)).toEqual(before);
  });

  test('says in its status where its parts are', async () => {
    expect(await stackStatus(settings)).toEqual({
      postgres: {
        url: expect.stringMatching(/^postgres:\/\/appsync:\S{20,}@127\.0\.0\.1:\d+\/appsync$/),
        pid: expect.any(Number),
      },
      temporal: {
        address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        ui_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        pid: expect.any(Number),
      },
      workers: [
        {
          pid: expect.any(Number),
          started_at: expect.stringMatching(/^\d{4}-.*Z$/),
          health_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        },
      ],
    });
  });

  test('keeps its files to itself', async () => {
    for (const name of ['.', ...(await readdir(settings.home, { recursive: true }))]) {
      const { mode } = await stat(join(settings.home, name));
      expect(`${name} ${(mode & 0o077).toString(8)}`).toBe(`${name} 0`);
    }
  });

  test('keeps no stream of the command that started it', async () => {
    const other = await stackSettings(join(directory.path, 'piped'), {
      databaseUrl: 'postgres://elsewhere/x',
    });
    const stack = new URL('../../src/stack/stack.ts', import.meta.url).href;
    const script = join(directory.path, 'piped', 'up.mjs');
    await writeFile(
      script,
      `import { ensureStack } from ${JSON.stringify(stack)};
       await ensureStack({ ...${JSON.stringify(other)}, log() {} }, (step) => console.log(step));`,
    );
    const loader = fileURLToPath(new URL('../support/typescript.js', import.meta.url));
    // Resolves when the pipes are closed, not when the process ends.
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', loader, script]);
    expect(stdout).toContain('worker started');
    await stopStack(other);
  });

  test('replaces a worker whose fingerprint is another, and nothing else', async () => {
    const before = await stackStatus(settings);
    settings = { ...settings, fingerprint: 'second' };
    await ensureStack(settings, () => {});
    const after = await stackStatus(settings);
    expect(after).toEqual({ ...before, workers: after.workers });
    expect(after.workers).toHaveLength(1);
    expect(after.workers[0]?.pid).not.toBe(before.workers[0]?.pid);
    expect(processesOf(settings.home)).toHaveLength(4);
  });

  test('leaves its worker alone for a command that needs none', async () => {
    const before = await stackStatus(settings);
    await ensureStack({ ...settings, needsWorker: false, fingerprint: 'third' }, () => {});
    expect(await stackStatus(settings)).toEqual(before);
  });

  test('keeps what is in Postgres and in Temporal over down and up', async () => {
    const first = await ensureStack(settings, () => {});
    await query(first.databaseUrl, `create table kept as select 'still here' as answer`);
    const connection = await Connection.connect({ address: first.temporalAddress });
    await new Client({ connection }).workflow.start('nobodyRunsThis', {
      workflowId: 'kept',
      taskQueue: 'nobody',
    });
    await connection.close();
    await stopStack(settings);
    expect(processesOf(settings.home)).toEqual([]);
    expect(await stackStatus(settings)).toEqual({ postgres: null, temporal: null, workers: [] });

    const second = await ensureStack(settings, () => {});
    expect(second).toEqual(first);
    expect(await query(second.databaseUrl, 'select * from kept')).toEqual([
      { answer: 'still here' },
    ]);
    const again = await Connection.connect({ address: second.temporalAddress });
    const { status } = await new Client({ connection: again }).workflow
      .getHandle('kept')
      .describe();
    await again.close();
    expect(status.name).toBe('RUNNING');
  });

  test('takes another port when the one of last time is taken', async () => {
    const first = await ensureStack(settings, () => {});
    await stopStack(settings);
    const port = portOf(first.databaseUrl);
    const squatter = createServer().listen(port, '127.0.0.1');
    try {
      const second = await ensureStack(settings, () => {});
      expect(portOf(second.databaseUrl)).not.toBe(port);
      expect(second.temporalAddress).toBe(first.temporalAddress);
    } finally {
      squatter.close();
    }
  });

  test('does not meet the stack of another home', async () => {
    const other = await stackSettings(join(directory.path, 'with'), {
      temporalAddress: '127.0.0.1:1',
    });
    await mkdir(other.home, { recursive: true });
    const before = await stackStatus(settings);
    await ensureStack(other, () => {});
    expect((await stackStatus(other)).postgres?.url).not.toBe(before.postgres?.url);
    await stopStack(other);
    expect(await stackStatus(settings)).toEqual(before);
    expect(supervisorOf(settings.home)).toBeGreaterThan(0);
    await stopStack(settings);
  });
});

describe('what runs elsewhere', () => {
  test('is not started here: with both addresses there is not even a home', async () => {
    const settings = await stackSettings(join(directory.path, 'elsewhere'), {
      databaseUrl: 'postgres://db.example/appsync',
      temporalAddress: 'temporal.example:7233',
    });
    expect(await ensureStack(settings, () => {})).toEqual({
      databaseUrl: 'postgres://db.example/appsync',
      temporalAddress: 'temporal.example:7233',
      temporalUiUrl: null,
    });
    await stopStack(settings);
    await expect(stat(settings.home)).rejects.toThrow('ENOENT');
  });

  test('leaves the other part and the worker to be started', async () => {
    const settings = await stackSettings(join(directory.path, 'half'), {
      temporalAddress: 'temporal.example:7233',
    });
    await ensureStack(settings, () => {});
    const { postgres, temporal, workers } = await stackStatus(settings);
    expect([postgres?.pid, temporal, workers.length]).toEqual([expect.any(Number), null, 1]);
    await stopStack(settings);
  });
});

test('a home below a directory that only its owner may enter is as good as any', async () => {
  const settings = await stackSettings(join(directory.path, 'private', 'project'), {
    temporalAddress: 'temporal.example:7233',
  });
  await chmod(join(directory.path, 'private'), 0o700);
  const { databaseUrl } = await ensureStack(settings, () => {});
  expect(await query(databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  await stopStack(settings);
});

test('a home that cannot be made is an error with a hint', async () => {
  const blocked = join(directory.path, 'a file');
  await writeFile(blocked, '');
  const settings = {
    ...(await stackSettings(join(directory.path, 'blocked'))),
    home: `${blocked}/home`,
  };
  const thrown: unknown = await ensureStack(settings, () => {}).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(AppsyncError);
  expect(thrown).toMatchObject({ exitCode: 5, hint: expect.stringContaining('APPSYNC_HOME') });
});
