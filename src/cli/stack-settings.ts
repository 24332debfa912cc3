import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import { builtInPlatforms } from '../platforms/registry.ts';
import type { StackSettings } from '../stack/stack.ts';
import type { CommandContext } from './command.ts';

/** The package's directory; src/cli and dist/cli lie two levels below it. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILD = join(ROOT, 'dist');

/** What the local stack is started from and with. */
export function stackSettings(
  { output }: CommandContext,
  config: Config,
  needs: { readonly worker: boolean; readonly verbose?: boolean },
): StackSettings {
  return {
    home: config.home,
    databaseUrl: config.databaseUrl,
    temporalAddress: config.temporalAddress,
    temporalCliPath: config.temporalCliPath,
    workerEntry: join(BUILD, 'worker.js'),
    supervisorEntry: join(BUILD, 'stack', 'supervisor.js'),
    env: config.env,
    fingerprint: workerFingerprint(config, BUILD),
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
export function workerFingerprint(config: Config, build: string): string {
  const hash = createHmac('sha256', `appsync ${config.home}`);
  for (const name of workerVariables(config)) hash.update(`${name}=${config.env[name] ?? ''}\0`);
  for (const path of builtFiles(build)) {
    const { mtimeMs, size } = statSync(path);
    hash.update(`${path} ${mtimeMs} ${size}\0`);
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
function workerVariables({ env, catalogPath }: Config): readonly string[] {
  const ofPlatforms = [...builtInPlatforms().values()].flatMap(({ environment }) => [
    ...environment.token,
    environment.base_url,
  ]);
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
