import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runWell } from '../run-command.ts';
import type { BenchContext } from '../stage.ts';

const REQUIREMENTS = fileURLToPath(new URL('./requirements.txt', import.meta.url));
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/appsync-bench', import.meta.url));

/** A Python with dlt, or why there is none here. */
export type PythonWithDlt = { readonly python: string } | { readonly missing: string };

/** Makes a virtual environment with the pinned packages, once per version of them. Says why when it cannot. */
export async function pythonWithDlt({ env, signal, tell }: BenchContext): Promise<PythonWithDlt> {
  const wanted = createHash('md5')
    .update(await readFile(REQUIREMENTS))
    .digest('hex')
    .slice(0, 8);
  const directory = join(CACHE, `dlt-${wanted}`);
  const python = join(directory, 'bin', 'python');
  // Written last: an environment without it is half made.
  const whole = join(directory, 'installed');
  if ((await stat(whole).catch(() => null)) !== null) return { python };
  tell('installing dlt into a virtual environment, once');
  try {
    await mkdir(CACHE, { recursive: true });
    await rm(directory, { recursive: true, force: true });
    await runWell({ program: 'python3', args: ['-m', 'venv', directory], env }, signal);
    const install = ['-m', 'pip', 'install', '--quiet', '--requirement', REQUIREMENTS];
    await runWell({ program: python, args: install, env }, signal);
    await writeFile(whole, '');
    return { python };
  } catch (error) {
    signal.throwIfAborted();
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}
