import { isObject } from './json-object.ts';

/** Platforms' ids are 36 characters at most; Postgres indexes up to about 2,700 bytes. */
const LONGEST = 255;

/** The record's id when it can be the key of a row: a text of 1 to 255 characters that Postgres can store. */
export function recordId(record: unknown): string | null {
  if (!isObject(record) || !Object.hasOwn(record, 'id')) return null;
  const { id } = record;
  if (typeof id !== 'string' || id === '' || id.length > LONGEST) return null;
  return id.includes('\0') || !id.isWellFormed() ? null : id;
}
