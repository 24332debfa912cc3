import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { configurationError } from '../errors.ts';
import { contentHash } from './content-hash.ts';
import { checkItems } from './file-checks.ts';
import { readItems } from './file-items.ts';
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
  const parts = checkParsed(await findParsed(parsedPath, content_hash), rules);
  if (parts !== null) return { path: resolve(path), content, content_hash, ...parts };
  const { parseCatalogText } = await import('./file.ts');
  const { file, data } = parseCatalogText(content, path, rules);
  await keepParsed(parsedPath, { content_hash, data });
  return file;
}

/** null for anything that is wrong: only the text has the lines to tell it by. */
function checkParsed(data: unknown, rules: CatalogRules) {
  if (data === undefined) return null;
  let isRight = true;
  const report = () => (isRight = false);
  const parts = checkItems(readItems(data, report), rules, report);
  return isRight ? parts : null;
}
