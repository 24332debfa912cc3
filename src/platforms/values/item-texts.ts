import { isUtf8 } from 'node:buffer';
import { isObject } from './json-object.ts';

/** How the items of a list stand in an answer's text. */
export interface ItemsAs {
  /** What stands before the first one, such as `"results":[`. */
  readonly list: string;
  /** How each begins, up to its id, which comes next: `{"object":"page","id":"`. */
  readonly head: string;
  /** The keys that an item with this head begins with. */
  readonly keys: readonly string[];
}

/**
 * The text of each item as it came, cut out of the answer: to write it anew from what was parsed takes ten times as long, and
 * loses digits of large numbers. Undefined where it cannot be told for certain: for all when the answer is not written as
 * expected (another order of keys, spaces, an item of another kind, a head within an item), and always for the last, whose end
 * nothing marks. A head within a text cannot be: its quotes would be escaped. `bytes` is what `items` were parsed from.
 */
export function itemTexts(
  bytes: Buffer,
  { list, head, keys }: ItemsAs,
  items: readonly unknown[],
): readonly (Buffer | undefined)[] {
  const heads = placesOf(bytes, head);
  const isAsExpected =
    heads.length === items.length &&
    isUtf8(bytes) &&
    heads.every((place, i) => endsWith(bytes, place, i === 0 ? list : '},')) &&
    items.every((item, i) => isItem(bytes, (heads[i] as number) + head.length, item)) &&
    // Each then has a head of its own, and there are no more heads than items.
    items.every((item) => beginsWith(item, keys));
  if (!isAsExpected) return [];
  return heads.slice(0, -1).map((place, i) => bytes.subarray(place, (heads[i + 1] as number) - 1));
}

function placesOf(bytes: Buffer, head: string): readonly number[] {
  const places: number[] = [];
  const sought = Buffer.from(head, 'latin1');
  for (let at = bytes.indexOf(sought); at !== -1; at = bytes.indexOf(sought, at + sought.length)) {
    places.push(at);
  }
  return places;
}

/** Whether this stands right before the place. */
const endsWith = (bytes: Buffer, place: number, text: string) =>
  place >= text.length && bytes.toString('latin1', place - text.length, place) === text;

function isItem(bytes: Buffer, place: number, item: unknown): boolean {
  const id = isObject(item) ? item['id'] : undefined;
  return (
    typeof id === 'string' && bytes.toString('latin1', place, place + id.length + 1) === `${id}"`
  );
}

const beginsWith = (item: unknown, keys: readonly string[]) => {
  const own = Object.keys(item as object);
  return keys.every((key, i) => own[i] === key);
};
