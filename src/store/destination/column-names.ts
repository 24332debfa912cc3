import { createHash } from 'node:crypto';
import type { SourceField } from '../../contract/schema.ts';

/** Postgres cuts identifiers to this many bytes. */
const MAX_BYTES = 63;

/** Columns that every Postgres table has by itself; no other may be called so. */
const POSTGRES_COLUMNS = ['ctid', 'tableoid', 'xmin', 'cmin', 'xmax', 'cmax'] as const;

type Named = Pick<SourceField, 'id' | 'name'>;

/**
 * A property's name as a column would have it: lower case, `_` for everything but letters and digits,
 * none at the ends, so that it never meets a system column of ours. Empty when nothing is left.
 */
export function foldName(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('\u0000', '')
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
}

/**
 * Names for properties that need one, by id; none is in `taken`, and all are different. A property gets its
 * folded name when that is whole, free, and no property with a lower id wants it; all others get a suffix made
 * from their id. The order of `fields` has no influence, so the same schema gets the same names everywhere.
 */
export function nameColumns(
  fields: readonly Named[],
  taken: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const used = new Set([...taken, ...POSTGRES_COLUMNS]);
  const names = new Map<string, string>();
  const give = (field: Named, name: string) => {
    used.add(name);
    names.set(field.id, name);
  };
  const sorted = fields.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  // Plain names first: a suffix never takes the name that another property has by right.
  for (const field of sorted) {
    const folded = foldName(field.name);
    if (folded !== '' && folded === cutToBytes(folded, MAX_BYTES) && !used.has(folded))
      give(field, folded);
  }
  for (const field of sorted) {
    if (!names.has(field.id)) give(field, suffixedName(field, used));
  }
  return names;
}

function suffixedName(field: Named, used: ReadonlySet<string>): string {
  const folded = foldName(field.name) || 'field';
  for (let attempt = 0; ; attempt += 1) {
    const seed = attempt === 0 ? field.id : `${field.id}\u0000${attempt}`;
    const suffix = `_${createHash('sha256').update(seed).digest('hex').slice(0, 8)}`;
    const name = cutToBytes(folded, MAX_BYTES - suffix.length) + suffix;
    if (!used.has(name)) return name;
  }
}

/** Cuts between characters, never inside one. Lone surrogates become U+FFFD: Postgres refuses them. */
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
