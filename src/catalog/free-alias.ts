import type { DiscoveredSource } from '../platforms/platform.ts';
import { defaultTable, slugOf } from './slug.ts';

/** Aliases and tables (`schema.name`) that are in use; grows with every alias that is given. */
export interface Taken {
  readonly aliases: Set<string>;
  readonly tables: Set<string>;
}

const SHORT_ID = 6;

/**
 * The first that is free of: the title's slug, that with the platform, that with a piece of the id (as
 * long as it takes). A title without Latin letters is named after platform and id.
 */
export function freeAlias(source: DiscoveredSource, platform: string, taken: Taken): string {
  const alias = candidates(source, platform).find(
    (word) => !taken.aliases.has(word) && !taken.tables.has(`${platform}.${defaultTable(word)}`),
  );
  if (alias === undefined) throw new Error(`no alias is free for ${source.external_id}`);
  taken.aliases.add(alias);
  taken.tables.add(`${platform}.${defaultTable(alias)}`);
  return alias;
}

function candidates(source: DiscoveredSource, platform: string): readonly string[] {
  const slug = slugOf(source.title, 40);
  // The end of an id tells more: Airtable's begin alike, and so do Notion's that were made together.
  const id = source.external_id
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .slice(-20);
  const stem = slug === '' ? platform : slug;
  const withId = Array.from(
    { length: Math.max(1, id.length - SHORT_ID + 1) },
    (_, more) => `${stem}-${id.slice(-(SHORT_ID + more))}`,
  );
  return slug === '' ? withId : [slug, `${slug}-${platform}`, ...withId];
}
