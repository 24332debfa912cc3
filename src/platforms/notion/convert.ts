import type { Column, ConvertedRecord } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import type { Converter } from '../convert-or-reject.ts';
import { momentText } from '../values/calendar.ts';
import { isObject, type JsonObject } from '../values/json-object.ts';
import { recordHash, type StablePart } from '../values/record-hash.ts';
import { recordId } from '../values/record-id.ts';
import { isCutShort, rollupDoubt } from './cut-short.ts';
import { propertyId } from './property-types.ts';
import { Unfit, withoutQuery } from './property-values.ts';
import { valueText } from './value-text.ts';

/** What the conversion of one page gathers besides its values. */
interface Findings {
  errors: Record<string, string> | null;
  readonly truncated: string[];
}

/** Gives the text of one property, or null with an entry in the findings. */
type Cell = (property: JsonObject, findings: Findings) => string | null;

/**
 * A conversion of pages into rows of these columns. Properties are found by id, whatever they are named
 * now; those without a column are left to `raw`. It throws for nothing but a page without an id.
 */
export function createConverter(columns: readonly Column[]): (page: unknown) => ConvertedRecord {
  const convert = createPageConverter(columns);
  return (page) => convert(page);
}

/** The same for pages whose text is known as it came. Apart, as callers hand the other one to `map`. */
export function createPageConverter(columns: readonly Column[]): Converter {
  const cells = columns.map(compileCell);
  const indexOf = propertyIndex(columns);
  return (page, text) => {
    const id = recordId(page);
    if (!isObject(page) || id === null) {
      throw new SyncFailure('InvalidAnswer', 'Notion gave a page without an id');
    }
    const values: (string | null)[] = cells.map(() => null);
    const findings: Findings = { errors: null, truncated: [] };
    const properties = isObject(page['properties']) ? Object.values(page['properties']) : [];
    for (const property of properties) {
      const index = indexOf(property);
      const cell = cells[index];
      if (cell && isObject(property)) values[index] = cell(property, findings);
    }
    return {
      id,
      created_at: momentText(page['created_time']),
      edited_at: momentText(page['last_edited_time']),
      values,
      errors: findings.errors,
      truncated: findings.truncated,
      raw: text ?? JSON.stringify(page),
      hash: pageHash(page),
    };
  };
}

function compileCell(column: Column): Cell {
  const asDescribed = valueText(column.type, column.column_type);
  return (property, findings) => {
    const type = typeof property['type'] === 'string' ? property['type'] : column.type;
    // The type may have changed since the schema was read: then the value fits its column or does not.
    const toText = type === column.type ? asDescribed : valueText(type, column.column_type);
    const text = toText(Object.hasOwn(property, type) ? property[type] : undefined);
    const error = text instanceof Unfit ? text.reason : rollupDoubt(type, property);
    if (error !== null) findings.errors = { ...findings.errors, [column.id]: error };
    if (text instanceof Unfit) return null;
    if (isCutShort(type, property)) findings.truncated.push(column.id);
    return text;
  };
}

/** The index of a property's column, -1 for none. Decoding an id once per converter is enough. */
function propertyIndex(columns: readonly Column[]): (property: unknown) => number {
  const byId = new Map(columns.map((column, index) => [column.id, index]));
  const byWrittenId = new Map<string, number>();
  return (property) => {
    const id = isObject(property) ? property['id'] : undefined;
    if (typeof id !== 'string') return -1;
    const known = byWrittenId.get(id);
    if (known !== undefined) return known;
    const index = byId.get(propertyId(id)) ?? -1;
    byWrittenId.set(id, index);
    return index;
  };
}

/**
 * Addresses that Notion signs are made anew for every answer: what comes after the question mark and
 * when it expires are no part of a page's content. Neither are pictures of people, which no column holds.
 */
const withoutVolatile: StablePart = (object) => {
  if (object['object'] === 'user' && object['avatar_url'] !== undefined) {
    const { avatar_url: _, ...person } = object;
    return person;
  }
  const { url, expiry_time: expiry } = object;
  if (typeof url !== 'string') return object;
  if (expiry === undefined && !url.includes('X-Amz-Signature=')) return object;
  const { expiry_time: _, ...rest } = object;
  return { ...rest, url: withoutQuery(url) };
};

/**
 * The digest of a page's content, or of whatever came in its place. A page that is retrieved comes with the
 * request's id, and its parent without the database that a listing names beside the data source (seen in recorded
 * answers): it is the same page. Throws RangeError for what is too deep.
 */
export function pageHash(page: unknown): string {
  if (!isObject(page)) return recordHash(page, withoutVolatile);
  const { request_id: _, parent, ...content } = page;
  return recordHash({ ...content, parent: parentAlone(parent) }, withoutVolatile);
}

function parentAlone(parent: unknown): unknown {
  if (!isObject(parent) || parent['data_source_id'] === undefined) return parent;
  const { database_id: _, ...place } = parent;
  return place;
}
