import { existsSync } from 'node:fs';
import nodeModule from 'node:module';
import { join, resolve } from 'node:path';
import type { CliIo } from './io.ts';

/** Node has it from 22.1 on. */
interface CompileCache {
  readonly enableCompileCache?: (directory: string) => unknown;
}

/**
 * Has Node keep what it compiles from now on in the home of the local stack, for the next command to read: a sync loads
 * 500 files. A home that is not there is not made; a folder that cannot be written to is no failure.
 */
export function keepCompiled(
  { env, cwd }: Pick<CliIo, 'env' | 'cwd'>,
  node: CompileCache = nodeModule as CompileCache,
): void {
  // Of the process alone: to read .env takes a module that is worth keeping, too.
  const home = resolve(cwd, env['APPSYNC_HOME'] || '.appsync');
  if (!existsSync(home)) return;
  try {
    node.enableCompileCache?.(join(home, 'compiled'));
  } catch {
    // Then the command compiles.
  }
}
