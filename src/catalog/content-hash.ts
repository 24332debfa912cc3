import { createHash } from 'node:crypto';

/** What tells one text of a catalog file from another. */
export const contentHash = (content: string): string =>
  createHash('sha256').update(content).digest('hex');
