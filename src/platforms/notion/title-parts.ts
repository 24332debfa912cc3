import { isObject } from '../values/json-object.ts';

/**
 * Parts of a window by what titles contain: `+a -7` are the rows whose title contains an a and no 7. The two
 * halves of a split are each other's complement, rows without a title included: live queries were seen to
 * count those as not containing anything.
 */
type Part = string;

/** Twelve halvings tell 40 million rows of one minute apart, if their titles differ at all. */
const DEEPEST = 12;

/** The conditions of a query for a part; none without one. */
export function partConditions(part: Part | undefined): readonly Record<string, unknown>[] {
  return termsOf(part).map((term) => {
    const text = term.slice(1);
    const condition = term.startsWith('+') ? { contains: text } : { does_not_contain: text };
    // Whatever it is named, a page's title has this id.
    return { property: 'title', title: condition };
  });
}

/** The two halves of a part, by the character that divides a sample of its rows best; none when none does. */
export function splitPart(part: Part | undefined, rows: readonly unknown[]): readonly Part[] {
  const terms = termsOf(part);
  if (terms.length >= DEEPEST) return [];
  const used = new Set(terms.map((term) => term.slice(1)));
  const titles = rows.map((row) => new Set(titleOf(row).toLowerCase()));
  const counts = new Map<string, number>();
  for (const characters of titles) {
    for (const character of characters) {
      if (/[\p{L}\p{N}]/u.test(character) && !used.has(character))
        counts.set(character, (counts.get(character) ?? 0) + 1);
    }
  }
  const unevenness = (count: number) => Math.abs(2 * count - titles.length);
  const [best] = [...counts]
    .filter(([, count]) => count < titles.length)
    .toSorted(([a, n], [b, m]) => unevenness(n) - unevenness(m) || (a < b ? -1 : 1));
  if (best === undefined) return [];
  return [`+${best[0]}`, `-${best[0]}`].map((term) => [...terms, term].join(' '));
}

const termsOf = (part: Part | undefined): readonly string[] => part?.split(' ') ?? [];

function titleOf(row: unknown): string {
  const properties = isObject(row) && isObject(row['properties']) ? row['properties'] : {};
  for (const property of Object.values(properties)) {
    if (!isObject(property) || property['type'] !== 'title') continue;
    const items = Array.isArray(property['title']) ? property['title'] : [];
    return items.map(plainText).join('');
  }
  return '';
}

function plainText(item: unknown): string {
  const text = isObject(item) ? item['plain_text'] : undefined;
  return typeof text === 'string' ? text : '';
}
