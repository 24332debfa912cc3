import { readPlugins } from '../catalog/plugins.ts';
import type { Config } from '../config.ts';
import { usageError } from '../errors.ts';
import type { Platform } from '../platforms/platform.ts';
import { loadPlatforms, type Platforms } from '../platforms/registry.ts';
import { didYouMean } from './suggest.ts';

/** The platforms that come with appsync, and those of the catalog file's plug-ins. */
export async function knownPlatforms({
  catalogPath,
}: Pick<Config, 'catalogPath'>): Promise<Platforms> {
  return loadPlatforms(await readPlugins(catalogPath));
}

/** The platform that a person named. Throws a usage error for a name that nothing has. */
export function namedPlatform(all: Platforms, name: string): Platform {
  const platform = all.get(name);
  if (platform !== undefined) return platform;
  throw usageError(
    `unknown platform "${name}"`,
    didYouMean(name, all.keys()) ?? `known platforms: ${[...all.keys()].join(', ')}`,
  );
}
