import { didYouMean } from './did-you-mean.ts';
import { TOKEN_HINT, type FileItems, type Item, type Report } from './file-items.ts';
import { NO_TOKEN, type AccountItem, type SourceItem } from './file-schema.ts';
import { keyName, shown } from './file-text.ts';
import type { CatalogFile, CatalogRules, CatalogSource } from './file.ts';
import { reservedWords } from './reserved.ts';
import { checkSource } from './source-checks.ts';

export type CatalogParts = Pick<
  CatalogFile,
  'accounts' | 'applications' | 'vaults' | 'users' | 'sources'
>;

/** The rules, and the folder that references to files are meant from. */
export type PlacedRules = CatalogRules & { readonly folder: string };

/** Checks what items say of each other; reports what cannot be and returns the rest. */
export function checkItems(items: FileItems, rules: PlacedRules, report: Report): CatalogParts {
  checkPlugins(items, rules, report);
  const applications = items.applications.map(({ value }) => ({
    ...value,
    name: value.name ?? value.slug,
  }));
  const vaults = items.vaults.map(({ value }) => ({ ...value, name: value.name ?? value.id }));
  const users = items.users.map(({ value }) => ({
    ...value,
    username: value.username ?? value.id,
  }));
  checkUnique(items.accounts, (account) => account.name, 'name', report);
  checkUnique(items.sources, (source) => source.alias, 'alias', report);
  // Slug and name, id and name select alike, so a word may belong to one item only.
  checkWords(
    items.applications,
    applications.map((a) => [a.slug, a.name]),
    'slug',
    report,
  );
  checkWords(
    items.vaults,
    vaults.map((vault) => [vault.id, vault.name]),
    'id',
    report,
  );
  checkWords(
    items.users,
    users.map((user) => [user.id, user.username]),
    'id',
    report,
  );
  for (const account of items.accounts) checkAccount(account, rules, report);
  const parts = { accounts: items.accounts.map(({ value }) => value), applications, vaults, users };
  const sourceRules = { rules, reserved: reservedWords(rules) };
  const sources = items.sources.flatMap((item) =>
    checkSource(item, items, parts, sourceRules, report),
  );
  checkTables(items.sources, sources, report);
  return { ...parts, sources };
}

function checkUnique<T>(
  items: readonly Item<T>[],
  of: (value: T) => string,
  key: string,
  report: Report,
): void {
  const first = new Map<string, string>();
  for (const { path, value } of items) {
    const word = of(value);
    const other = first.get(word);
    if (other === undefined) first.set(word, keyName(path));
    else report([...path, key], `${shown(word)} is already that of ${other}`, 'give each its own');
  }
}

function checkWords(
  items: readonly Item<unknown>[],
  words: readonly (readonly string[])[],
  key: string,
  report: Report,
): void {
  const first = new Map<string, number>();
  for (const [i, { path }] of items.entries()) {
    for (const word of new Set(words[i])) {
      const other = first.get(word) ?? i;
      first.set(word, other);
      if (other === i) continue;
      const taken = keyName(items[other]?.path ?? []);
      report([...path, key], `${shown(word)} is already a word for ${taken}`, 'give each its own');
    }
  }
}

function checkAccount(
  { path, value }: Item<AccountItem>,
  rules: CatalogRules,
  report: Report,
): void {
  const platform = rules.platforms.get(value.platform);
  if (platform?.unavailable !== undefined) return;
  if (platform === undefined) {
    const known = [...rules.platforms.keys()];
    const hint = `${didYouMean(value.platform, known)}platforms: ${known.join(', ')}`;
    report([...path, 'platform'], `${shown(value.platform)} is not a platform`, hint);
  } else if (value.plan !== null && !(value.plan in platform.plans)) {
    const hint = `plans: ${Object.keys(platform.plans).join(', ')}`;
    report([...path, 'plan'], `${shown(value.plan)} is not a plan of ${platform.name}`, hint);
  }
  if (value.token === NO_TOKEN && platform?.credentials !== 'optional') {
    report([...path, 'token'], 'is missing', TOKEN_HINT);
  }
}

function checkPlugins({ plugins }: FileItems, rules: CatalogRules, report: Report): void {
  const taken = new Set(['all', ...(rules.built_in ?? []), ...rules.reserved]);
  for (const name of Object.keys(plugins)) {
    if (!taken.has(name)) continue;
    const hint = 'a plug-in brings a platform of another name';
    report(['plugins', name], 'is a platform or command already', hint);
  }
}

function checkTables(
  items: readonly Item<SourceItem>[],
  sources: readonly CatalogSource[],
  report: Report,
): void {
  const first = new Map<string, string>();
  const byAlias = new Map(items.toReversed().map((item) => [item.value.alias, item]));
  for (const { alias, table_schema, table_name } of sources) {
    const table = `${table_schema}.${table_name}`;
    const other = first.get(table);
    const item = byAlias.get(alias);
    if (other === undefined) first.set(table, alias);
    else if (other !== alias && item !== undefined) {
      const key = item.value.table === null ? 'alias' : 'table';
      report(
        [...item.path, key],
        `its table ${table} is already that of ${other}`,
        'give it a table: of its own',
      );
    }
  }
}
