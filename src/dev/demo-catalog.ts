import { stringify } from 'yaml';
import { DEMO_SOURCES } from '../sim/demo-world.ts';

/**
 * The catalog of the demo, as a person would write it: two accounts, eight sources, all tagged. `rates` are
 * requests per second of accounts whose limit is not their plan's.
 */
export function demoCatalog(
  rates: { readonly notion?: number; readonly airtable?: number } = {},
): string {
  const rated = (rate: number | undefined) => (rate === undefined ? {} : { rate_limit: rate });
  const unique = (values: readonly string[]) => [...new Set(values)].toSorted();
  const titled = (slug: string) => slug.charAt(0).toUpperCase() + slug.slice(1);
  return stringify({
    accounts: [
      {
        name: 'notion',
        platform: 'notion',
        token: 'env:NOTION_TOKEN',
        plan: 'business',
        ...rated(rates.notion),
      },
      {
        name: 'airtable',
        platform: 'airtable',
        token: 'env:AIRTABLE_TOKEN',
        ...rated(rates.airtable),
      },
    ],
    applications: unique(DEMO_SOURCES.map((source) => source.application)).map((slug) => ({
      slug,
      name: titled(slug),
    })),
    vaults: unique(DEMO_SOURCES.map((source) => source.vault)).map((name) => ({ id: name, name })),
    users: unique(DEMO_SOURCES.map((source) => source.user)).map((username) => ({
      id: username,
      username,
    })),
    sources: DEMO_SOURCES.map((source) => ({
      alias: source.alias,
      account: source.platform,
      ref: source.ref,
      app: source.application,
      component: source.component,
      vault: source.vault,
      user: source.user,
      every: '1h',
    })),
  });
}
