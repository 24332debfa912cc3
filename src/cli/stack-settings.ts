import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPlugins } from '../catalog/plugins.ts';
import type { Config } from '../config.ts';
import { variablesOf } from '../platforms/platform.ts';
import { isPath, type PluginEntry } from '../platforms/plugins.ts';
import { loadPlatforms, type Platforms } from '../platforms/registry.ts';
import type { StackSettings } from '../stack/stack.ts';
import type { CommandContext } from './command.ts';

/** The package's directory; src/cli and dist/cli lie two levels below it. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILD = join(ROOT, 'dist');

/** What the local stack is started from and with. */
export async function stackSettings(
  { output }: CommandContext,
  config: Config,
  needs: { readonly worker: boolean; readonly verbose?: boolean },
): Promise<StackSettings> {
  const plugins = await readPlugins(config.catalogPath);
  return {
    home: config.home,
    databaseUrl: config.databaseUrl,
    temporalAddress: config.temporalAddress,
    temporalCliPath: config.temporalCliPath,
    workerEntry: join(BUILD, 'worker.js'),
    supervisorEntry: join(BUILD, 'stack', 'supervisor.js'),
    env: config.env,
    fingerprint: workerFingerprint(config, BUILD, plugins, await loadPlatforms(plugins)),
    graceSeconds: config.graceSeconds,
    needsWorker: needs.worker,
    verbose: needs.verbose === true,
    log: (line) => output.note(line),
  };
}

/**
 * Changes when the build changes or anything that a worker reads at its start: a worker with another
 * fingerprint is replaced. Keyed with its home, so that it says nothing about a token.
 */
export function workerFingerprint(
  config: Config,
  build: string,
  plugins: readonly PluginEntry[],
  platforms: Platforms,
): string {
  const hash = createHmac('sha256', `appsync ${config.home}`);
  for (const name of workerVariables(config, platforms))
    hash.update(`${name}=${config.env[name] ?? ''}\0`);
  for (const path of builtFiles(build)) {
    const { mtimeMs, size } = statSync(path);
    hash.update(`${path} ${mtimeMs} ${size}\0`);
  }
  for (const { platform, module, folder } of plugins) {
    const path = isPath(module) ? resolve(folder, module) : null;
    const changed = path === null ? null : statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    hash.update(`${platform} ${path ?? module} ${changed ?? ''}\0`);
  }
  return hash.digest('hex').slice(0, 32);
}

const OWN_VARIABLES = [
  'DATABASE_URL',
  'APPSYNC_LOG_LEVEL',
  'APPSYNC_DEBUG',
  'APPSYNC_GRACE_SECONDS',
  'APPSYNC_ENCRYPTION_KEY',
  'APPSYNC_ENCRYPTION_OLD_KEYS',
];

/** Variables that a worker reads: of platforms, Temporal and appsync, and those that accounts refer to. */
function workerVariables({ env, catalogPath }: Config, platforms: Platforms): readonly string[] {
  const ofPlatforms = [...platforms.values()].flatMap(variablesOf);
  const temporal = Object.keys(env).filter((name) => name.startsWith('TEMPORAL_'));
  const referred = [...readIfPresent(catalogPath).matchAll(/\benv:(\w+)/g)].map(
    (match) => match[1] ?? '',
  );
  return [...new Set([...ofPlatforms, ...temporal, ...OWN_VARIABLES, ...referred])].toSorted();
}

function readIfPresent(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function builtFiles(build: string): readonly string[] {
  try {
    return readdirSync(build, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted();
  } catch {
    return [];
  }
}
