import { applyCatalog, catalogChanged } from '../catalog/apply.ts';
import { differenceLines } from '../catalog/difference.ts';
import type { CatalogFile, CatalogRules } from '../catalog/file.ts';
import { parsedFilePath } from '../catalog/parsed-file.ts';
import { readCatalogFile } from '../catalog/read-file.ts';
import type { Config } from '../config.ts';
import { configurationError } from '../errors.ts';
import { builtInPlatforms, type Platforms } from '../platforms/registry.ts';
import type { Database } from '../store/database.ts';
import { plainText } from './table.ts';
import type { Output } from './output.ts';
import { knownPlatforms } from './platforms.ts';
import { reservedNames } from './reserved-names.ts';

/** What a catalog file is checked against: the platforms and commands of this program. */
export function catalogRules(platforms: Platforms): CatalogRules {
  return { platforms, reserved: reservedNames(), built_in: [...builtInPlatforms().keys()] };
}

/** The catalog file, checked; null when there is none. A broken one stops a command before it starts anything. */
export async function readCatalog(config: Config): Promise<CatalogFile | null> {
  const file = await readCatalogFile(
    config.catalogPath,
    catalogRules(await knownPlatforms(config)),
    parsedFilePath(config.home),
  );
  if (file !== null || (config.env['APPSYNC_CATALOG'] ?? '') === '') return file;
  throw configurationError(
    `APPSYNC_CATALOG names ${config.catalogPath}, which is not there`,
    'correct APPSYNC_CATALOG, or unset it',
  );
}

/** Applies the file when it is not what was applied last, and says what that changed. */
export async function applyWhenChanged(
  db: Database,
  file: CatalogFile,
  output: Output,
): Promise<void> {
  if (!(await catalogChanged(db, file))) return;
  const difference = await applyCatalog(db, file);
  const lines = differenceLines(difference);
  if (lines.length === 0) return;
  output.note(`applied ${file.path}`);
  for (const line of lines) output.note(`  ${plainText(line)}`);
}
