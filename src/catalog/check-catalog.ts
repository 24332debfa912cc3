import { dirname, resolve } from 'node:path';
import { contentHash } from './content-hash.ts';
import { checkItems } from './file-checks.ts';
import { readItems, type Report } from './file-items.ts';
import type { CatalogAccount, CatalogFile, CatalogRules } from './file.ts';
import { pluginEntries } from './plugins.ts';

/** The catalog that a file's YAML, `data`, says; holds only what is right, and reports the rest. */
export function checkCatalog(
  { content, data }: { readonly content: string; readonly data: unknown },
  path: string,
  rules: CatalogRules,
  report: Report,
): CatalogFile {
  const items = readItems(data, report);
  const parts = checkItems(items, { ...rules, folder: dirname(resolve(path)) }, report);
  const unavailable = unavailablePlatforms(parts.accounts, rules);
  // A file that was read without some of its sources is applied again once all can be read.
  const content_hash = contentHash(
    content,
    unavailable.map(({ platform }) => platform),
  );
  const plugins = pluginEntries(items.plugins, path);
  return { path: resolve(path), content, content_hash, plugins, unavailable, ...parts };
}

function unavailablePlatforms(
  accounts: readonly CatalogAccount[],
  { platforms }: CatalogRules,
): CatalogFile['unavailable'] {
  const used = new Set(accounts.map(({ platform }) => platform));
  return [...used].flatMap((platform) => {
    const reason = platforms.get(platform)?.unavailable;
    return reason === undefined ? [] : [{ platform, reason }];
  });
}
