import { calendarKind } from '../values/calendar.ts';
import { isObject, type JsonObject } from '../values/json-object.ts';

/** A value that cannot be given, and why in words that hold nothing of the record. */
export class Unfit {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Takes Notion's wrapping off: gives text, number, boolean, list, JSON object, null when empty, or Unfit. */
type ToPlain = (payload: unknown) => unknown;

const asItIs: ToPlain = (payload) => payload;
const unfitFor = (expected: string) => new Unfit(`not a ${expected} as Notion documents it`);

/** Notion does not tell an empty text from none: both are null. Longer texts come in several items. */
const richText: ToPlain = (payload) => {
  if (!Array.isArray(payload)) return unfitFor('text');
  let text = '';
  for (const item of payload as readonly unknown[]) {
    if (!isObject(item) || typeof item['plain_text'] !== 'string') return unfitFor('text');
    text += item['plain_text'];
  }
  return text === '' ? null : text;
};

const optionName: ToPlain = (payload) =>
  isObject(payload) && typeof payload['name'] === 'string' ? payload['name'] : unfitFor('option');

/** A list of what `item` makes of each; null when empty, as for texts; unfit when one of them is. */
const listOf =
  (item: ToPlain): ToPlain =>
  (payload) => {
    if (!Array.isArray(payload)) return unfitFor('list');
    if (payload.length === 0) return null;
    const plain = payload.map(item);
    return plain.find((value) => value instanceof Unfit) ?? plain;
  };

const relatedId: ToPlain = (payload) =>
  isObject(payload) && typeof payload['id'] === 'string' ? payload['id'] : unfitFor('relation');

/** A person, bot or group. Names and addresses are there when the token may see them, avatars never. */
const user: ToPlain = (payload) => {
  if (!isObject(payload) || typeof payload['id'] !== 'string') return unfitFor('user');
  const { id, name, person, object } = payload;
  const email = isObject(person) ? person['email'] : undefined;
  const type = payload['type'] ?? (object === 'group' ? 'group' : undefined);
  return {
    id,
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof email === 'string' ? { email } : {}),
    ...(typeof type === 'string' ? { type } : {}),
  };
};

/**
 * A day, a time or a range. Its texts can be cast to Postgres types: a day that no calendar knows would
 * make every such query fail. The end may lie before the start: so somebody wrote it.
 */
const date: ToPlain = (payload) => {
  if (!isObject(payload) || typeof payload['start'] !== 'string') return unfitFor('date');
  const { start, end, time_zone } = payload;
  const bounds = [start, ...(end === null || end === undefined ? [] : [end])];
  const isKnown = bounds.every((text) => typeof text === 'string' && calendarKind(text) !== null);
  if (!isKnown) return new Unfit('not a date that the calendar knows');
  return { start, end: end ?? null, time_zone: time_zone ?? null };
};

/** Addresses of files that Notion hosts are signed anew on every read and die within the hour. */
const file: ToPlain = (payload) => {
  if (!isObject(payload)) return unfitFor('file');
  const { name, type } = payload;
  const target = typeof type === 'string' ? memberOf(payload, type) : undefined;
  if (!isObject(target) || typeof target['url'] !== 'string') return payload;
  const url = type === 'external' ? target['url'] : withoutQuery(target['url']);
  return { name, type, url };
};

export function withoutQuery(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

const uniqueId: ToPlain = (payload) => {
  if (!isObject(payload)) return unfitFor('unique id');
  const { prefix, number } = payload;
  if (typeof number !== 'number') return number === null ? null : unfitFor('unique id');
  return typeof prefix === 'string' && prefix !== '' ? `${prefix}-${number}` : String(number);
};

const verification: ToPlain = (payload) => {
  if (!isObject(payload)) return unfitFor('verification');
  if (!isObject(payload['verified_by'])) return payload;
  const verifiedBy = user(payload['verified_by']);
  return verifiedBy instanceof Unfit ? verifiedBy : { ...payload, verified_by: verifiedBy };
};

/** A formula's or rollup's result: `{type, <type>: …}`, typed like a property of that type. */
const result: ToPlain = (payload) => {
  const type = isObject(payload) ? payload['type'] : undefined;
  if (!isObject(payload) || typeof type !== 'string') return unfitFor('result');
  if (VALUELESS.has(type)) return unwrapper(type)(null);
  return Object.hasOwn(payload, type) ? unwrapper(type)(payload[type]) : unfitFor('result');
};

/** A member of its own: names come from outside, and every object has a `constructor`. */
const memberOf = (object: JsonObject, name: string) =>
  Object.hasOwn(object, name) ? object[name] : undefined;

const PLAIN: ReadonlyMap<string, ToPlain> = new Map(
  Object.entries<ToPlain>({
    title: richText,
    rich_text: richText,
    select: optionName,
    status: optionName,
    multi_select: listOf(optionName),
    relation: listOf(relatedId),
    people: listOf(user),
    created_by: user,
    last_edited_by: user,
    date,
    files: listOf(file),
    unique_id: uniqueId,
    verification,
    formula: result,
    rollup: result,
    array: listOf(result),
  }),
);

/** Types in whose place Notion gives no value at all. */
const VALUELESS: ReadonlyMap<string, string> = new Map([
  ['unsupported', 'Notion does not give this value over its API (unsupported)'],
  ['incomplete', 'Notion has not computed this value in full (incomplete)'],
]);

/** How the value of a type is unwrapped from what stands under the type's name. Unknown types stay. */
export function unwrapper(type: string): ToPlain {
  const reason = VALUELESS.get(type);
  if (reason !== undefined) return () => new Unfit(reason);
  const unwrap = PLAIN.get(type) ?? asItIs;
  return (payload) => (payload === null || payload === undefined ? null : unwrap(payload));
}
