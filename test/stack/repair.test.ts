import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isListening } from '../../src/stack/ports.ts';
import { ensureStack, stackStatus, stopStack, type StackSettings } from '../../src/stack/stack.ts';
import { createReapedDirectory, type ReapedDirectory } from '../support/reaped-directory.ts';
import { processesOf, stackSettings, supervisorOf } from '../support/stack.ts';
import { until } from '../support/until.ts';

let directory: ReapedDirectory;
beforeAll(async () => {
  directory = await createReapedDirectory();
});
afterAll(() => directory.end());

const up = (settings: StackSettings) => ensureStack(settings, () => {});

async function pids(settings: StackSettings) {
  const { postgres, temporal, workers } = await stackStatus(settings);
  return { postgres: postgres?.pid, temporal: temporal?.pid, worker: workers[0]?.pid };
}

describe('a part that is killed', () => {
  let settings: StackSettings;
  beforeAll(async () => {
    settings = await stackSettings(join(directory.path, 'killed'));
    await up(settings);
  });
  afterAll(() => stopStack(settings));

  test.each(['worker', 'temporal', 'postgres'] as const)(
    'is started again, with the others left alone: %s',
    async (part) => {
      const addresses = await up(settings);
      const before = await pids(settings);
      process.kill(before[part] ?? 0, 'SIGKILL');
      await until(async () => ![undefined, before[part]].includes((await pids(settings))[part]));
      expect(await up(settings)).toEqual(addresses);
      expect(await pids(settings)).toEqual({ ...before, [part]: (await pids(settings))[part] });
    },
  );

  test('is adopted by the next command when it was the supervisor', async () => {
    const before = await pids(settings);
    process.kill(supervisorOf(settings.home), 'SIGKILL');
    await until(() => processesOf(settings.home).length === 3);
    await up(settings);
    expect(await pids(settings)).toEqual(before);
    expect(processesOf(settings.home)).toHaveLength(4);

    process.kill(before.worker ?? 0, 'SIGKILL');
    await until(async () => ![undefined, before.worker].includes((await pids(settings)).worker));
  });

  test('is found by the next command even when the state is lost, and is never doubled', async () => {
    const before = await pids(settings);
    process.kill(supervisorOf(settings.home), 'SIGKILL');
    await rm(join(settings.home, 'state.json'));
    await up(settings);
    const after = await pids(settings);
    expect(after).toEqual({ ...before, worker: after.worker });
    expect(processesOf(settings.home)).toHaveLength(4);
  });

  test('leaves nothing behind after down, even when it was the supervisor', async () => {
    process.kill(supervisorOf(settings.home), 'SIGKILL');
    await stopStack(settings);
    expect(processesOf(settings.home)).toEqual([]);
  });
});

describe('what a crash leaves', () => {
  test('in the state and pid files is not believed: those pids belong to others now', async () => {
    const settings = await stackSettings(join(directory.path, 'stale'), {
      temporalAddress: 'temporal.example:7233',
    });
    const { databaseUrl } = await up(settings);
    const state = await readFile(join(settings.home, 'state.json'), 'utf8');
    await stopStack(settings);
    await writeFile(
      join(settings.home, 'state.json'),
      state.replaceAll(/"pid": \d+/g, `"pid": ${process.pid}`),
    );
    await writeFile(join(settings.home, 'postgres/data/postmaster.pid'), `${process.pid}\n`);
    await writeFile(join(settings.home, 'lock'), `${process.pid} long ago`);
    expect((await stackStatus(settings)).postgres).toBeNull();
    expect((await up(settings)).databaseUrl).toBe(databaseUrl);
    expect(await isListening(Number(new URL(databaseUrl).port))).toBe(true);
    await stopStack(settings);
  });

  test('of an initialisation cut short is put aside', async () => {
    const settings = await stackSettings(join(directory.path, 'half'), {
      temporalAddress: 'temporal.example:7233',
    });
    const postgres = join(settings.home, 'postgres');
    await mkdir(join(postgres, 'data', 'base'), { recursive: true });
    await mkdir(join(postgres, 'new-123', 'base'), { recursive: true });
    await up(settings);
    expect((await readdir(postgres)).toSorted()).toEqual([
      'data',
      'password',
      expect.stringMatching(/^unusable-\d+$/),
    ]);
    await stopStack(settings);
  });

  test('of a broken state file is ignored', async () => {
    const settings = await stackSettings(join(directory.path, 'broken'), {
      temporalAddress: 'temporal.example:7233',
    });
    await mkdir(settings.home);
    await writeFile(join(settings.home, 'state.json'), '{"phase": "runn');
    await up(settings);
    expect(processesOf(settings.home)).toHaveLength(3);
    await stopStack(settings);
  });
});

test('a worker that dies at every start is reported with the end of its log', async () => {
  const notes: string[] = [];
  const settings = await stackSettings(join(directory.path, 'dying'), {
    databaseUrl: 'postgres://db.example/appsync',
    workerEntry: join(directory.path, 'dying', 'dying-worker.mjs'),
    log: (line) => notes.push(line),
  });
  let thrown: unknown;
  await until(async () => {
    thrown = await up(settings).catch((error: unknown) => error);
    return thrown instanceof Error;
  });
  expect(thrown).toMatchObject({
    exitCode: 5,
    message: 'the worker of the local stack ends as soon as it starts',
    reason: expect.stringContaining('NOTION_TOKEN is not a token'),
  });
  await stackStatus(settings);
  expect(notes.join('\n')).toContain('NOTION_TOKEN is not a token');
  await stopStack(settings);
});

test('a part that cannot start is reported with the end of its log, and nothing is left running', async () => {
  const settings = await stackSettings(join(directory.path, 'failing'), {
    temporalAddress: 'temporal.example:7233',
  });
  await up(settings);
  await stopStack(settings);
  await writeFile(join(settings.home, 'postgres/data/postgresql.conf'), 'no_such_setting = 1\n');
  await expect(up(settings)).rejects.toMatchObject({
    exitCode: 5,
    reason: expect.stringContaining('no_such_setting'),
    hint: expect.stringContaining('DATABASE_URL'),
  });
  await until(() => processesOf(settings.home).length === 0);
});
