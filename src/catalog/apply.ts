import { hostname } from 'node:os';
import { AppsyncError, configurationError, EXIT } from '../errors.ts';
import {
  inTransaction,
  type Database,
  type Queryable,
  type Transaction,
} from '../store/database.ts';
import { loadAppliedFile, loadCatalog, type CurrentCatalog } from './current.ts';
import { compareCatalogs, differenceLines, type CatalogDifference } from './difference.ts';
import type { CatalogFile } from './file.ts';
import { writeCatalog } from './write-catalog.ts';

export interface ApplyOptions {
  /** Disable sources that left the file. */
  readonly prune?: boolean;
  /** Apply also a file that does not descend from what was applied last. */
  readonly accept?: boolean;
}

/**
 * Makes Postgres say what the file says, in one transaction; applying the same file again changes nothing.
 * Throws a configuration error for a file that does not descend from what was applied last, and for what
 * can never be applied.
 */
export function applyCatalog(
  db: Database,
  file: CatalogFile,
  options: ApplyOptions = {},
): Promise<CatalogDifference> {
  return inTransaction(db, (tx) => applyInTransaction(tx, file, options));
}

/** The difference that applying would make, without writing. Throws only for what can never be applied. */
export async function previewCatalog(
  db: Queryable,
  file: CatalogFile,
  options: ApplyOptions = {},
): Promise<CatalogDifference> {
  const current = await loadCatalog(db);
  refuseImpossible(current, file);
  return compareCatalogs(current, file, options.prune ?? false);
}

/** False when exactly this file is what was applied last, and from here: then there is nothing to apply. */
export async function catalogChanged(db: Queryable, file: CatalogFile): Promise<boolean> {
  const last = await loadAppliedFile(db);
  return last?.content_hash !== file.content_hash || !last.origins.includes(originOf(file));
}

/**
 * For dry runs: `work` sees the catalog as if the file were applied, by the same statements as a real
 * run; nothing of it stays. Keep it short: until it returns no other file can be applied.
 */
export async function withCatalogApplied<T>(
  db: Database,
  file: CatalogFile,
  work: (tx: Transaction, difference: CatalogDifference) => Promise<T>,
  options: ApplyOptions = {},
): Promise<T> {
  const undo = new Error('undo');
  let result: { readonly value: T } | undefined;
  try {
    await inTransaction(db, async (tx) => {
      const difference = await applyInTransaction(tx, file, options);
      result = { value: await work(tx, difference) };
      throw undo;
    });
  } catch (error) {
    if (error !== undo) throw error;
  }
  return (result as { readonly value: T }).value;
}

async function applyInTransaction(
  tx: Queryable,
  file: CatalogFile,
  options: ApplyOptions,
): Promise<CatalogDifference> {
  await tx.query(`select pg_advisory_xact_lock(hashtext('appsync.catalog'))`);
  const current = await loadCatalog(tx);
  refuseImpossible(current, file);
  const difference = compareCatalogs(current, file, options.prune ?? false);
  if (options.accept !== true) refuseForeign(current, file, difference);
  await writeCatalog(tx, current, file, difference);
  await recordFile(tx, file);
  return difference;
}

/** Where a file is. Without its domain, because a laptop's changes with the network. */
const originOf = (file: CatalogFile) => `${hostname().split('.')[0] ?? ''}:${file.path}`;

/**
 * A place that applies what was applied last joins those that a later edit may come from, the latest
 * first; as many as it takes, but not every container there ever was.
 */
async function recordFile(tx: Queryable, file: CatalogFile): Promise<void> {
  await tx.query(
    `insert into appsync.catalog_file as last (content_hash, origins) values ($1, array[$2::text])
     on conflict (one) do update set content_hash = excluded.content_hash, applied_at = now(),
       origins = case when last.content_hash = excluded.content_hash
         then (array_prepend($2::text, array_remove(last.origins, $2::text)))[1:100]
         else excluded.origins end`,
    [file.content_hash, originOf(file)],
  );
}

/**
 * A file descends from what was applied last when that was applied from the same place, or when it keeps
 * all of it and only adds. Any other is most likely another checkout's, and would silently undo.
 */
function refuseForeign(
  current: CurrentCatalog,
  file: CatalogFile,
  difference: CatalogDifference,
): void {
  const { file: last } = current;
  if (last === null || last.content_hash === file.content_hash) return;
  if (last.origins.includes(originOf(file))) return;
  const named = new Set(file.sources.map(({ alias }) => alias));
  const unread = new Set(file.unavailable.map(({ platform }) => platform));
  const drops = current.sources.some(
    ({ alias, in_file, platform }) => in_file && !named.has(alias) && !unread.has(platform),
  );
  const parts = Object.values(difference);
  const changes = parts.some((part) => part.changed.length > 0 || part.removed.length > 0);
  if (!drops && !changes) return;
  const where = `${last.origins[0] ?? ''}, ${last.applied_at.toISOString()}`;
  throw new AppsyncError(
    EXIT.credentials,
    `${file.path} does not descend from the catalog that was applied last (${where})`,
    {
      reason: ['it would change:', ...differenceLines(difference)].join('\n'),
      hint: 'bring the two files together, or apply this one as it is: appsync sources apply --accept',
    },
  );
}

/** What no file can change: the platform of an account, the table of a source. */
function refuseImpossible(current: CurrentCatalog, file: CatalogFile): void {
  const platformOf = new Map(current.accounts.map(({ name, platform }) => [name, platform]));
  for (const { name, platform } of file.accounts) {
    const known = platformOf.get(name) ?? platform;
    if (known === platform) continue;
    throw configurationError(
      `account ${name} is on ${known} and cannot move to ${platform}`,
      `give the account on ${platform} another name in ${file.path}`,
    );
  }
  const tableOf = (source: { readonly table_schema: string; readonly table_name: string }) =>
    `${source.table_schema}.${source.table_name}`;
  const tables = new Map(current.sources.map((source) => [source.alias, tableOf(source)]));
  const owners = new Map(current.sources.map((source) => [tableOf(source), source.alias]));
  for (const source of file.sources) {
    const table = tableOf(source);
    const known = tables.get(source.alias) ?? table;
    const owner = owners.get(table) ?? source.alias;
    if (known !== table) {
      throw configurationError(
        `source ${source.alias} is in ${known}, and its table cannot be renamed to ${table} yet`,
        `write table: ${known} in ${file.path}, or give the source another alias`,
      );
    }
    if (owner !== source.alias) {
      throw configurationError(
        `${table}, the table of ${source.alias}, is that of source ${owner}`,
        `keep the alias ${owner} in ${file.path}, or give ${source.alias} another table`,
      );
    }
  }
}
