import { airtable } from './airtable/airtable.ts';
import { files } from './files/files.ts';
import { notion } from './notion/notion.ts';
import type { Platform } from './platform.ts';
import { loadPlugin, type PluginEntry } from './plugins.ts';

/** Platforms by name. A platform added here is known to the CLI, the catalog and the worker. */
export type Platforms = ReadonlyMap<string, Platform>;

/** The platforms that come with appsync. */
export function builtInPlatforms(): Platforms {
  return new Map([notion, airtable, files].map((platform) => [platform.name, platform]));
}

/** All platforms: those that come with appsync, then those of plug-ins, which replace none of them. */
export async function loadPlatforms(plugins: readonly PluginEntry[]): Promise<Platforms> {
  const builtIn = builtInPlatforms();
  const added = plugins.filter(({ platform }) => !builtIn.has(platform));
  const loaded = await Promise.all(added.map(loadPlugin));
  return new Map([...builtIn, ...loaded.map((platform) => [platform.name, platform] as const)]);
}
