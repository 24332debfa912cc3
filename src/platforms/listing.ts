import { openWindow, type ScanWindow } from '../contract/scan.ts';
import type { Column, ColumnType, ConvertedRecord, SourceField } from '../contract/schema.ts';
import { SyncFailure } from '../errors.ts';
import { followCursor } from './cursor-circle.ts';
import type { Whereabouts } from './session.ts';
import { sortOut, type SortedOut } from './sort-out.ts';
import { isObject, type JsonObject } from './values/json-object.ts';
import { cleanText, jsonText } from './values/postgres-text.ts';
import { recordId } from './values/record-id.ts';
import { recordHash, type StablePart } from './values/record-hash.ts';

/** One column of a listing: where its value is found in an entry, undefined or null when it has none. */
export interface ListingField {
  readonly id: string;
  readonly column_type: Extract<ColumnType, 'text' | 'jsonb'>;
  readonly valueOf: (entry: JsonObject) => unknown;
}

/** How entries of a listing become rows. */
export interface ListingTable {
  /** In words for an error message: `the list of users`. */
  readonly what: string;
  readonly fields: readonly ListingField[];
  /** The entry's id; the row's `_id`. */
  readonly idOf: (entry: JsonObject) => unknown;
  /** Takes out of the hash what changes by itself. */
  readonly stable?: StablePart;
}

/** The columns of a listing: fixed, named as their ids. */
export const listingFields = ({ fields }: ListingTable): readonly SourceField[] =>
  fields.map(({ id, column_type }) => ({ id, name: id, type: column_type, column_type }));

/** Entries as records of these columns. Throws InvalidAnswer for an entry without an id. */
export function createEntryConverter(
  table: ListingTable,
  columns: readonly Column[],
): (entry: unknown) => ConvertedRecord {
  const fields = columns.map(({ id }) => table.fields.find((field) => field.id === id));
  return (entry) => {
    const id = idOf(table, entry);
    if (!isObject(entry) || id === null) {
      throw new SyncFailure('InvalidAnswer', `an entry of ${table.what} has no id`);
    }
    let errors: Record<string, string> | null = null;
    const values = fields.map((field) => {
      const value = field?.valueOf(entry) ?? null;
      if (field === undefined || value === null) return null;
      if (field.column_type === 'jsonb') return jsonText(value);
      if (typeof value === 'string') return cleanText(value);
      errors = { ...errors, [field.id]: `a ${typeof value}, not a text` };
      return null;
    });
    return {
      id,
      created_at: null,
      edited_at: null,
      values,
      errors,
      truncated: [],
      raw: JSON.stringify(entry),
      hash: recordHash(entry, table.stable),
    };
  };
}

/** Sorts out the entries of one batch. */
export function sortEntries(table: ListingTable, columns: readonly Column[]): SortedOut {
  const hashOf = (entry: unknown) => recordHash(isObject(entry) ? entry : { entry }, table.stable);
  // What its own `id` is does not count: an entry may be known by more than that.
  return sortOut(createEntryConverter(table, columns), hashOf, (entry) => idOf(table, entry));
}

const idOf = (table: ListingTable, entry: unknown) =>
  recordId({ id: isObject(entry) ? table.idOf(entry) : null });

/** A listing is read from its beginning to its end, in one window. */
export const planListing = (): readonly ScanWindow[] => [openWindow(0, { lower: null })];

/**
 * The window after a page; a cursor of null is the listing's end. Throws CursorLost when the cursors lead in a
 * circle: a listing cannot be entered in its middle.
 */
export function listedTo(
  window: ScanWindow,
  rows: number,
  next: string | null,
  what: string,
): ScanWindow {
  const progress = followCursor(window, { rows, next });
  if (progress === null) throw new SyncFailure('CursorLost', `${what} leads back to itself`);
  return { ...window, ...progress, cursor: next, done: next === null };
}

/** What a whole listing lacks is gone: there is nothing to ask. */
export const notListed = (ids: readonly string[]): Promise<ReadonlyMap<string, Whereabouts>> =>
  Promise.resolve(new Map(ids.map((id) => [id, { state: 'trashed' }])));
