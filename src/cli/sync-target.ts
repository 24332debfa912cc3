import { existsSync } from 'node:fs';
import type { CatalogFile } from '../catalog/file.ts';
import { findSources } from '../catalog/source-query.ts';
import { resolveFilters, resolveTarget } from '../catalog/targets.ts';
import type { Config } from '../config.ts';
import type { Filters, Target } from '../contract/target.ts';
import { AppsyncError, EXIT, configurationError, usageError } from '../errors.ts';
import type { Platforms } from '../platforms/registry.ts';
import type { Queryable } from '../store/database.ts';
import { reservedNames } from './reserved-names.ts';
import { didYouMean } from './suggest.ts';

/** Throws for what can be seen to lead nowhere without a database, so that a slip does not start one. */
export function refuseHopelessTarget(
  word: string,
  file: CatalogFile | null,
  config: Config,
  platforms: Platforms,
): void {
  if (['all', ...platforms.keys()].some((name) => isSame(name, word))) {
    if (file === null && isFresh(config)) throw nothingSetUp(config);
    return;
  }
  if (file !== null && isInFile(word, file)) return;
  const command = nearCommand(word);
  if (isFresh(config) || (command !== undefined && config.databaseUrl === undefined)) {
    const empty = file === null ? ': no source is set up yet' : '';
    throw usageError(
      `unknown target "${word}"${empty}`,
      command ?? (file === null ? 'appsync init' : 'appsync sources list'),
    );
  }
}

/** No database of one's own, and the local one was never started: there cannot be any source in it. */
export const isFresh = (config: Config): boolean =>
  config.databaseUrl === undefined && !existsSync(config.home);

const isInFile = (word: string, { sources, applications }: CatalogFile) =>
  sources.some(({ alias }) => isSame(alias, word)) ||
  applications.some(({ slug, name }) => isSame(slug, word) || isSame(name, word));

/** As the catalog compares them: case makes no difference. */
const isSame = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

const nearCommand = (word: string) => didYouMean(word, reservedNames(), 'appsync ');

const nothingSetUp = (config: Config) =>
  configurationError(
    `there is nothing to sync yet: no sources, and no ${config.catalogPath}`,
    'appsync init',
  );

/** Throws (exit 4) when the catalog has no source at all. */
export async function refuseEmptyCatalog(db: Queryable, config: Config, now: Date): Promise<void> {
  const any = await findSources(db, { kind: 'all' }, {}, now);
  if (any.length === 0) throw nothingSetUp(config);
}

/** Target and filters as the catalog writes them; a word that it does not know may be a mistyped command. */
export async function resolveTargetAndFilters(
  { db, platforms }: { readonly db: Queryable; readonly platforms: Platforms },
  word: string,
  filters: Filters,
): Promise<{ target: Target; filters: Filters }> {
  const target = await resolveTarget(db, word, platforms).catch((error: unknown) => {
    const isUsage = error instanceof AppsyncError && error.exitCode === EXIT.usage;
    const command = isUsage && error.hint?.includes('did you mean') !== true && nearCommand(word);
    throw isUsage && command ? usageError(error.message, command) : error;
  });
  return { target, filters: await resolveFilters(db, filters, platforms) };
}
