import { readFile } from 'node:fs/promises';
import { configurationError } from '../errors.ts';
import { checkCatalog } from './check-catalog.ts';
import { contentHash } from './content-hash.ts';
import type { CatalogFile, CatalogRules } from './file.ts';
import { findParsed, keepParsed } from './parsed-file.ts';

/**
 * The file at `path`, checked as by `parseCatalog`; null when there is none. `parsedPath`: where what it says is kept
 * until its text changes.
 */
export async function readCatalogFile(
  path: string,
  rules: CatalogRules,
  parsedPath: string,
): Promise<CatalogFile | null> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw configurationError(`cannot read ${path}`, 'make it a readable file', error);
  }
  const content_hash = contentHash(content);
  const known = checkKept(await findParsed(parsedPath, content_hash), content, path, rules);
  if (known !== null) return known;
  const { parseCatalogText } = await import('./file.ts');
  const { file, data } = parseCatalogText(content, path, rules);
  await keepParsed(parsedPath, { content_hash, data });
  return file;
}

/** null for anything that is wrong: only the text has the lines to tell it by. */
function checkKept(
  data: unknown,
  content: string,
  path: string,
  rules: CatalogRules,
): CatalogFile | null {
  if (data === undefined) return null;
  let isRight = true;
  const file = checkCatalog({ content, data }, path, rules, () => (isRight = false));
  return isRight ? file : null;
}
