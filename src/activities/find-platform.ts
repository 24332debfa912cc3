import { findPlugin } from '../catalog/plugins.ts';
import type { Platform } from '../platforms/platform.ts';
import { loadPlugin } from '../platforms/plugins.ts';
import { builtInPlatforms } from '../platforms/registry.ts';
import type { Queryable } from '../store/database.ts';
import type { Dependencies } from './dependencies.ts';

/**
 * Finds platforms by name: those of this build, and those of plug-ins, which are loaded when they are first needed,
 * from where the catalog says then. A worker so knows what was added after its start, and one that cannot load a
 * plug-in fails the sources of that platform only.
 */
export function platformFinder(db: Queryable): Dependencies['findPlatform'] {
  const builtIn = builtInPlatforms();
  const loaded = new Map<string, Platform>();
  return async (name) => {
    const own = builtIn.get(name);
    if (own !== undefined) return own;
    const entry = await findPlugin(db, name);
    if (entry === null) return undefined;
    const key = JSON.stringify(entry);
    const platform = loaded.get(key) ?? (await loadPlugin(entry));
    if (platform.unavailable === undefined) loaded.set(key, platform);
    return platform;
  };
}
