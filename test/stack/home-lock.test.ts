import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { withLock } from '../../src/stack/home-lock.ts';
import { identityOf } from '../../src/stack/processes.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'appsync-lock-'));
});
afterAll(() => rm(root, { recursive: true }));

test('one holder at a time, also when all of them find the lock of a process that is gone', async () => {
  const path = join(root, 'lock');
  await writeFile(path, '999999 12345');
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 8 }, () =>
      withLock(path, 20_000, async () => {
        most = Math.max(most, ++inside);
        await new Promise(setImmediate);
        inside--;
      }),
    ),
  );
  expect(most).toBe(1);
  expect(existsSync(path)).toBe(false);
});

test('the lock is released when the work throws', async () => {
  const path = join(root, 'thrown');
  await expect(
    withLock(path, 1_000, () => Promise.reject(new Error('the work failed'))),
  ).rejects.toThrow('the work failed');
  expect(existsSync(path)).toBe(false);
});

test('a lock that is held too long is an error that names its holder', async () => {
  const path = join(root, 'held');
  await writeFile(path, identityOf(process.pid) ?? '');
  await expect(withLock(path, 50, () => Promise.resolve())).rejects.toMatchObject({
    exitCode: 5,
    message: expect.stringContaining(`pid ${process.pid}`),
  });
});
