import { airtable } from './airtable/airtable.ts';
import { notion } from './notion/notion.ts';
import type { Platform } from './platform.ts';

/** Platforms by name. A platform added here is known to the CLI, the catalog and the worker. */
export type Platforms = ReadonlyMap<string, Platform>;

/** The platforms that come with appsync. */
export function builtInPlatforms(): Platforms {
  return new Map([notion, airtable].map((platform) => [platform.name, platform]));
}
