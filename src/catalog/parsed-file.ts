import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a catalog file says, as it is kept from one command to the next. */
interface ParsedFile {
  readonly content_hash: string;
  readonly data: unknown;
}

/** Where it is kept: in the home of the local stack, when there is one. */
export const parsedFilePath = (home: string): string => join(home, 'parsed-catalog.json');

/**
 * What the text with this hash says, kept at `path` by `keepParsed`; undefined when another text is, or none. YAML of
 * thousands of sources takes longer to parse than most commands take.
 */
export async function findParsed(path: string, content_hash: string): Promise<unknown> {
  try {
    const kept = JSON.parse(await readFile(path, 'utf8')) as Partial<ParsedFile> | null;
    return kept?.content_hash === content_hash ? kept.data : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps what a text says, as far as that can be done: without it, the next command parses the text. */
export async function keepParsed(path: string, parsed: ParsedFile): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  try {
    await writeFile(draft, JSON.stringify(parsed), { mode: 0o600 });
    await rename(draft, path);
  } catch {
    // A home that was never made or cannot be written to, a YAML that holds itself.
  }
}
