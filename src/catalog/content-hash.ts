import { createHash } from 'node:crypto';

/** What tells one text of a catalog file from another; with the platforms that could not be had when it was read. */
export function contentHash(content: string, unavailable: readonly string[] = []): string {
  const hash = createHash('sha256').update(content);
  for (const platform of unavailable) hash.update(`\0${platform}`);
  return hash.digest('hex');
}
