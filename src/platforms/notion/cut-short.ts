import { isObject, type JsonObject } from '../values/json-object.ts';

/** Queries list at most so many related pages, people and mentions of one value. */
const LIST_LIMIT = 25;

/**
 * Whether a query cut a value short that the property endpoint gives whole. `has_more` says so where it
 * is present; where it is absent exactly the limit may mean either, and the value is read again.
 */
export function isCutShort(type: string, property: JsonObject): boolean {
  const items = property[type];
  if (!Array.isArray(items)) return false;
  if (type === 'relation' || type === 'people') {
    return property['has_more'] === true || (atLimit(items) && property['has_more'] === undefined);
  }
  if (type === 'title' || type === 'rich_text') return atLimit(items.filter(isReference));
  return false;
}

/** Why a rollup may lack entries: it is the one list that cannot be read whole elsewhere. */
export function rollupDoubt(type: string, property: JsonObject): string | null {
  const rollup = property['rollup'];
  if (type !== 'rollup' || !isObject(rollup) || !Array.isArray(rollup['array'])) return null;
  return atLimit(rollup['array'])
    ? `Notion lists ${LIST_LIMIT} entries of a rollup at most: there may be more`
    : null;
}

const atLimit = (items: readonly unknown[]) => items.length === LIST_LIMIT;

/** A mention of a page or a person; mentions of dates and links are not counted by Notion. */
function isReference(item: unknown): boolean {
  if (!isObject(item) || !isObject(item['mention'])) return false;
  return ['user', 'page', 'database'].includes(String(item['mention']['type']));
}
