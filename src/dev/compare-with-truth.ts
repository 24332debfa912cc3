import { isDeepStrictEqual } from 'node:util';
import type { Database } from '../store/database.ts';
import { quote } from '../store/identifiers.ts';

/** What a source's table holds beside what the platform holds. All zero means: exactly the same. */
export interface Comparison {
  readonly rows: number;
  readonly expected: number;
  /** Records of the platform without a live row. */
  readonly lost: number;
  /** Live rows without a record. */
  readonly surplus: number;
  /** Rows that do not hold what the API returns for the record. */
  readonly different: number;
}

export interface Truth {
  readonly ids: readonly string[];
  readonly records: ReadonlyMap<string, unknown>;
}

/** `schema.table` as a quoted identifier. */
export const quoteName = (table: string) => table.split('.').map(quote).join('.');

/**
 * Compares a table's live rows with the truth: ids, and `_raw` as the API would return it now.
 * `normalize` removes from both sides what differs on every read (signed URLs).
 */
export async function compareWithTruth(
  db: Database,
  table: string,
  truth: Truth,
  normalize: (record: unknown) => unknown = asListed,
): Promise<Comparison> {
  const { rows } = await db.query<{ id: string; raw: string }>(
    `select _id as id, _raw::text as raw from ${quoteName(table)} where _deleted_at is null`,
  );
  const expected = new Set(truth.ids);
  const found = new Set(rows.map((row) => row.id));
  const different = rows.filter(
    ({ id, raw }) =>
      expected.has(id) &&
      !isDeepStrictEqual(normalize(JSON.parse(raw)), normalize(truth.records.get(id))),
  );
  return {
    rows: rows.length,
    expected: expected.size,
    lost: [...expected].filter((id) => !found.has(id)).length,
    surplus: rows.filter((row) => !expected.has(row.id)).length,
    different: different.length,
  };
}

/** What a Notion list shows of relations, people and rollups of many. */
const LISTED = 25;

/** A record as a list returns it, without what is new on every read. */
export function asListed(record: unknown): unknown {
  return cutLists(withoutVolatileParts(record));
}

interface Property {
  readonly type?: string;
  readonly relation?: unknown;
  readonly people?: unknown;
  readonly rollup?: { readonly array?: unknown };
}

function cutLists(record: unknown): unknown {
  if (typeof record !== 'object' || record === null || !('properties' in record)) return record;
  const properties = Object.entries(record.properties as Record<string, Property>);
  return {
    ...record,
    properties: Object.fromEntries(properties.map(([name, property]) => [name, cutList(property)])),
  };
}

function cutList(property: Property): unknown {
  const cut = (list: unknown) => (Array.isArray(list) ? list.slice(0, LISTED) : list);
  if (property.type === 'relation') {
    return { type: property.type, relation: cut(property.relation) };
  }
  if (property.type === 'people') return { ...property, people: cut(property.people) };
  if (property.type === 'rollup' && property.rollup?.array !== undefined) {
    return { ...property, rollup: { ...property.rollup, array: cut(property.rollup.array) } };
  }
  return property;
}

/** A record without the parts that are new on every read: signatures and expiry of file URLs, request ids. */
export function withoutVolatileParts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutVolatileParts);
  if (typeof value === 'string') return value.replace(/^(https?:\/\/[^?]*)\?.*$/s, '$1');
  // As JSON has it, which knows neither a negative zero nor the infinities.
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null;
  if (typeof value !== 'object' || value === null) return value;
  const isAttachment = 'filename' in value && 'url' in value;
  const kept = Object.entries(value).filter(
    ([key]) =>
      key !== 'expiry_time' &&
      key !== 'request_id' &&
      !(isAttachment && (key === 'url' || key === 'thumbnails')),
  );
  return Object.fromEntries(kept.map(([key, part]) => [key, withoutVolatileParts(part)]));
}
