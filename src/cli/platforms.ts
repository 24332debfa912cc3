import { readPlugins } from '../catalog/plugins.ts';
import type { Config } from '../config.ts';
import { loadPlatforms, type Platforms } from '../platforms/registry.ts';

/** The platforms that come with appsync, and those of the catalog file's plug-ins. */
export async function knownPlatforms({
  catalogPath,
}: Pick<Config, 'catalogPath'>): Promise<Platforms> {
  return loadPlatforms(await readPlugins(catalogPath));
}
