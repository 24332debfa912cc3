import { stringify } from 'yaml';
import type { BenchSource } from './worlds.ts';

export interface CatalogOptions {
  /** As in a catalog, such as `24h`; absent: due on every run of what is due. */
  readonly every?: string;
}

/** The catalog of a stage: an account per platform, and every source of the world. */
export function catalogOf(sources: readonly BenchSource[], { every }: CatalogOptions = {}): string {
  const platforms = [...new Set(sources.map(({ platform }) => platform))];
  return stringify({
    accounts: platforms.map((platform) => ({
      name: platform,
      platform,
      token: `env:${platform.toUpperCase()}_TOKEN`,
    })),
    sources: sources.map(({ alias, platform, ref }) => ({
      alias,
      account: platform,
      ref,
      ...(every === undefined ? {} : { every }),
    })),
  });
}

/** The table that appsync keeps a source in. */
export const tableOf = ({ platform, alias }: BenchSource): string =>
  `${platform}.${alias.replaceAll('-', '_')}`;
