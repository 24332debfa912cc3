/**
 * Values in the text form that Postgres reads. Postgres stores neither U+0000 nor half of a surrogate
 * pair, in text nor in jsonb: both become U+FFFD, so that a reader sees that something stood there.
 * The record as the API gave it keeps them (`_raw` is `json`, which holds them as escapes).
 */
const REPLACEMENT = '\uFFFD';

// In a unicode pattern a surrogate matches only when it is not one of a pair.
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** Text that Postgres can store. Nearly all of it is; to look is cheap, to replace is not. */
export function cleanText(text: string): string {
  if (text.isWellFormed() && !text.includes('\0')) return text;
  return text.replaceAll('\0', REPLACEMENT).replace(LONE_SURROGATE, REPLACEMENT);
}

// `JSON.stringify` writes U+0000 and lone surrogates as escapes and nothing else that looks like
// them, except after an escaped backslash, which is therefore matched (and kept) as a whole.
const UNSTORABLE_ESCAPE = /\\(?:\\|u0000|ud[89a-f][0-9a-f]{2})/g;

/** JSON text for a jsonb column. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  if (!text.includes('\\u')) return text;
  return text.replace(UNSTORABLE_ESCAPE, (escape) => (escape === '\\\\' ? escape : REPLACEMENT));
}

/**
 * The shortest decimal that reads back as the same number, for a numeric column (which takes 1e21 as
 * it stands); null for what is no number there: NaN and the infinities.
 */
export function numberText(value: number): string | null {
  return Number.isFinite(value) ? String(value) : null;
}

/** An array literal for a text[] column. Every item is quoted, so that `NULL` and '' stay text. */
export function textArray(items: readonly (string | null)[]): string {
  return `{${items.map(arrayItem).join(',')}}`;
}

function arrayItem(item: string | null): string {
  return item === null ? 'NULL' : `"${cleanText(item).replace(/["\\]/g, '\\$&')}"`;
}
