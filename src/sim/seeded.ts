/**
 * Randomness that is a function: the same seed and index give the same value in every process, so a
 * world of a million cells needs no memory until somebody asks for one of them.
 */

/** 32 bits from 32 bits, evenly spread (murmur3's finaliser); a bijection. */
function spread(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 32 bits from two numbers. For a fixed seed different values give different results. */
export function mix(seed: number, value: number): number {
  return spread(value ^ spread(seed + 0x9e3779b9));
}

/** 32 bits from a text (FNV-1a). */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return spread(h);
}

/** One of the items, chosen by a hash. */
export function pick<T>(items: readonly T[], hash: number): T {
  const item = items[hash % items.length];
  if (item === undefined) throw new Error('pick needs at least one item');
  return item;
}

const hex8 = (value: number) => (value + 0x1_0000_0000).toString(16).slice(1);

/** A UUID in the form that Notion gives its rows; unique per seed and index. */
export function seededUuid(seed: number, index: number): string {
  const own = mix(seed, index);
  const more = hex8(mix(own, seed));
  const source = hex8(mix(seed, -7));
  return `${hex8(seed)}-${source.slice(0, 4)}-81${more.slice(0, 2)}-8${more.slice(2, 5)}-${hex8(own)}${more.slice(4)}`;
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function base62(value: number, digits: number): string {
  let rest = value;
  let text = '';
  for (let i = 0; i < digits; i += 1) {
    text = BASE62.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}

/** An Airtable id: a prefix such as `rec` and 14 characters; unique per seed and index. */
export function seededAirtableId(prefix: string, seed: number, index: number): string {
  const own = mix(seed, index);
  return `${prefix}${base62(mix(seed, -3), 5)}${base62(own, 6)}${base62(mix(own, seed), 3)}`;
}
