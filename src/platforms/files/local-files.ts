import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SyncFailure } from '../../errors.ts';
import { fileFailure, unusable } from './failures.ts';
import { isPattern } from './source-ref.ts';

export interface LocalFiles {
  /** Absolute, in the order of their names. */
  readonly paths: readonly string[];
  readonly version: string;
}

/**
 * File systems stamp changes by a clock that ticks every few milliseconds: of two changes in one tick the second
 * leaves no trace. A file is therefore looked at again once its latest change is well behind.
 */
const TICK_MS = 50;
const MOST_LOOKS = 5;

/** The files that a path or a pattern means, and a version of all of them together. Throws NotFound for none. */
export async function findLocal(path: string): Promise<LocalFiles> {
  const paths = isPattern(path) ? await matches(path) : [path];
  if (paths.length === 0) {
    throw new SyncFailure('NotFound', `no file is called as ${path}`, {
      hint: 'the files have to be where the worker runs: correct ref.path, or put them back',
    });
  }
  return { paths, version: await versionOf(paths) };
}

/** Size, times and identity of every file, and their names: what differs when anything in one does. */
async function versionOf(paths: readonly string[]): Promise<string> {
  for (let look = 1; ; look += 1) {
    const states = await Promise.all(paths.map(stateOf));
    const latest = Math.max(...states.map(({ changed_ms }) => changed_ms));
    const age = Date.now() - latest;
    if (age > TICK_MS || age < -TICK_MS || look === MOST_LOOKS) {
      const text = JSON.stringify(states.map(({ state }) => state));
      return `files:${paths.length}:${createHash('sha256').update(text).digest('hex')}`;
    }
    await delay(TICK_MS);
  }
}

async function stateOf(path: string) {
  try {
    const found = await stat(path, { bigint: true });
    if (!found.isFile()) throw unusable(path, 'is no file');
    const { size, mtimeNs, ctimeNs, ino } = found;
    const changed = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
    return {
      state: [path, ...[size, mtimeNs, ctimeNs, ino].map(String)],
      changed_ms: Number(changed / 1_000_000n),
    };
  } catch (thrown) {
    throw fileFailure(thrown, path);
  }
}

async function matches(pattern: string): Promise<readonly string[]> {
  const folder = dirname(pattern);
  const name = basename(pattern);
  const form = name.replace(/[.+^${}()|[\]\\*?]/g, (c) =>
    c === '*' ? '.*' : c === '?' ? '.' : `\\${c}`,
  );
  const fits = new RegExp(`^${form}$`, 's');
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory() && fits.test(entry.name))
      .filter((entry) => !entry.name.startsWith('.') || name.startsWith('.'))
      .map((entry) => join(folder, entry.name))
      .toSorted((a, b) => (a < b ? -1 : 1));
  } catch (thrown) {
    throw fileFailure(thrown, folder);
  }
}
