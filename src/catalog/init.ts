import type { DiscoveredSource, Listing } from '../platforms/platform.ts';
import { addItem, fileText } from './file-edit.ts';
import { NO_TOKEN } from './file-schema.ts';
import { documentOf } from './yaml-text.ts';
import { parseCatalog, type CatalogFile, type CatalogRules } from './file.ts';
import { freeAlias, type Taken } from './free-alias.ts';
import { reservedWords } from './reserved.ts';
import { defaultTable, slugOf } from './slug.ts';

/** What one token can see. */
export interface DiscoveredAccount {
  readonly platform: string;
  /** Name for a new account: the platform's. */
  readonly account: string;
  /** Reference to the token that was used: `env:` and the variable that was set, or `none`. */
  readonly token: string;
  readonly sources: readonly DiscoveredSource[];
}

export interface ProposedCatalog {
  readonly file: CatalogFile;
  /** The file's YAML: `file.content`. */
  readonly text: string;
  /** Aliases of the new sources, in the file's order. */
  readonly added: readonly string[];
}

const HEADING = ` What appsync syncs. Change it as you like; the next command applies it.
 Schedules: add "every: 1h" or cron: "0 6 * * *" to a source.`;

/**
 * The catalog that has everything of `existing` as it stands there, comments included, and every discovered
 * source that is new. Sources are known by their ids, so one that has another title keeps its alias.
 */
export function proposeCatalog(
  discovered: readonly DiscoveredAccount[],
  existing: CatalogFile | null,
  path: string,
  rules: CatalogRules,
): ProposedCatalog {
  const document = documentOf(existing?.content ?? '');
  if (existing === null) document.commentBefore = HEADING;
  const accounts = [...(existing?.accounts ?? [])];
  const known = new Set(
    existing?.sources.map((source) => `${source.platform} ${source.external_id}`),
  );
  const taken = takenWords(existing, rules);
  const added: string[] = [];
  for (const seen of discovered) {
    const account = accountFor(seen, accounts);
    if (!accounts.some(({ name }) => name === account)) {
      const item = { name: account, platform: seen.platform };
      accounts.push({ ...item, token: seen.token, plan: null, rate_limit: null });
      const token = seen.token === NO_TOKEN ? {} : { token: seen.token };
      addItem(document, 'accounts', { ...item, ...token }, { flow: true });
    }
    for (const source of inOrder(seen.sources)) {
      const key = `${seen.platform} ${source.external_id}`;
      if (known.has(key)) continue;
      known.add(key);
      const alias = freeAlias(source, seen.platform, taken);
      added.push(alias);
      const item = { alias, account, ref: source.ref, enabled: true };
      addItem(
        document,
        'sources',
        item,
        alias === slugOf(source.title) ? {} : { comment: source.title },
      );
    }
  }
  if (existing === null) document.comment = listingsComment(accounts, rules, taken);
  const text =
    added.length === 0 && existing !== null && accounts.length === existing.accounts.length
      ? existing.content
      : fileText(document);
  return { file: parseCatalog(text, path, rules), text, added };
}

/**
 * What platforms list besides their sources, as lines that only lack their `#` to be sources. Not sources by
 * themselves: a token may lack the capability, and a first sync should not fail for what nobody asked for.
 */
function listingsComment(
  accounts: CatalogFile['accounts'],
  rules: CatalogRules,
  taken: Taken,
): string | null {
  const lines = accounts.flatMap((account) =>
    (rules.platforms.get(account.platform)?.listings ?? []).map((listing) =>
      listingLine(account, listing, taken),
    ),
  );
  if (lines.length === 0) return null;
  return [' To join ids with, take away the # of what you want:', ...lines].join('\n');
}

function listingLine(
  { name, platform }: CatalogFile['accounts'][number],
  { name: title, ref, about }: Listing,
  taken: Taken,
): string {
  const alias = freeAlias({ title, ref, external_id: `list/${title}` }, platform, taken);
  const keys = Object.entries(ref).map(([key, value]) => `${key}: ${value}`);
  return `  - { alias: ${alias}, account: ${name}, ref: { ${keys.join(', ')} } } # ${about}`;
}

/** The account that stands for this token in the file, or the name for a new one. */
function accountFor(seen: DiscoveredAccount, accounts: CatalogFile['accounts']): string {
  const same = accounts.find(
    ({ platform, token }) => platform === seen.platform && token === seen.token,
  );
  if (same !== undefined) return same.name;
  const named = new Set(accounts.map(({ name }) => name));
  let name = seen.account;
  for (let n = 2; named.has(name); n++) name = `${seen.account}-${n}`;
  return name;
}

function takenWords(existing: CatalogFile | null, rules: CatalogRules): Taken {
  const sources = existing?.sources ?? [];
  return {
    // A word that is both an application and an alias would be no target.
    aliases: new Set([
      ...reservedWords(rules).keys(),
      ...sources.map(({ alias }) => alias),
      ...(existing?.applications ?? []).flatMap(({ slug, name }) => [slug, name.toLowerCase()]),
    ]),
    tables: new Set([
      ...sources.map((source) => `${source.table_schema}.${source.table_name}`),
      ...sources.map((source) => `${source.platform}.${defaultTable(source.alias)}`),
    ]),
  };
}

/** By title, then id: platforms list in an order of their own that may differ from day to day. */
function inOrder(sources: readonly DiscoveredSource[]): readonly DiscoveredSource[] {
  const key = (source: DiscoveredSource) => `${slugOf(source.title) || '~'} ${source.external_id}`;
  return sources.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
