import { createHash } from 'node:crypto';
import type { SourceField } from '../contract/schema.ts';

/** Postgres cuts identifiers to this many bytes. */
const MAX_BYTES = 63;

/** Columns that every table of Postgres has: it refuses others of these names. */
const OF_POSTGRES: ReadonlySet<string> = new Set([
  'tableoid',
  'xmin',
  'cmin',
  'xmax',
  'cmax',
  'ctid',
]);

/** An identifier quoted for SQL. Every name that is not written in this program goes through here. */
export const quote = (identifier: string) => `"${identifier.replaceAll('"', '""')}"`;

/** `"schema"."table"` */
export const quoteTable = (table: { readonly table_schema: string; readonly table_name: string }) =>
  `${quote(table.table_schema)}.${quote(table.table_name)}`;

/**
 * The column name for a property: its name in lower case with everything but letters and digits as `_`.
 * Never begins with `_`, so it never meets a system column of ours. A name that is taken, of Postgres's own
 * columns, empty or too long gets a suffix made from the property's id: the same on every machine.
 */
export function columnName(
  field: Pick<SourceField, 'id' | 'name'>,
  taken: ReadonlySet<string>,
): string {
  const plain = field.name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('\u0000', '')
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
  const name = cutToBytes(plain === '' ? 'field' : plain, MAX_BYTES);
  const isFree = !taken.has(name) && !OF_POSTGRES.has(name);
  if (plain !== '' && name === plain && isFree) return name;
  const suffix = `_${createHash('sha256').update(field.id).digest('hex').slice(0, 8)}`;
  const unique = cutToBytes(name, MAX_BYTES - suffix.length) + suffix;
  return taken.has(unique) ? cutToBytes(`${unique}_${taken.size}`, MAX_BYTES) : unique;
}

/** Cuts between characters, never inside one. Lone surrogates are dropped: Postgres refuses them. */
function cutToBytes(text: string, max: number): string {
  let bytes = 0;
  let cut = '';
  for (const character of text.toWellFormed()) {
    bytes += Buffer.byteLength(character);
    if (bytes > max) break;
    cut += character;
  }
  return cut;
}
