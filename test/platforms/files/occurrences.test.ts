import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DigestFile, readOccurrences } from '../../../src/platforms/files/occurrences.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'appsync-occurrences-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('rows that are alike', () => {
  it.each([1_000_000, 3, 1])('are numbered when %i digests are held at once', async (held) => {
    const digests = await DigestFile.create(join(folder, 'digests'));
    // 0 is the digest of rows without an identity: they are like nothing.
    for (const digest of [5n, 7n, 5n, 0n, 9n, 0n, 7n, 5n, 11n]) await digests.add(digest);
    const path = join(folder, 'occurrences');
    expect(await digests.count(path, held)).toBe(3);
    await digests.remove();
    expect([...(await readOccurrences(path, 0, 9))]).toEqual([0, 0, 1, 0, 0, 0, 1, 2, 0]);
    expect([...(await readOccurrences(path, 6, 3))]).toEqual([1, 2, 0]);
  });

  it('are found however far apart they are', async () => {
    const digests = await DigestFile.create(join(folder, 'digests'));
    const rows = 150_000;
    for (let row = 0; row < rows; row += 1) await digests.add(BigInt((row % 149_999) * 2 + 1));
    const path = join(folder, 'occurrences');
    expect(await digests.count(path, 40_000)).toBe(1);
    await digests.remove();
    expect([...(await readOccurrences(path, rows - 2, 2))]).toEqual([0, 1]);
  });
});
