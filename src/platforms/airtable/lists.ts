import { NO_EVIDENCE, type Evidence, type ScanWindow } from '../../contract/scan.ts';
import type { Column, SourceSchema } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import {
  createEntryConverter,
  listedTo,
  listingFields,
  sortEntries,
  type ListingTable,
} from '../listing.ts';
import type { RateRule, SourceRef } from '../platform.ts';
import type { BatchRequest, FetchedBatch } from '../session.ts';
import { isObject, type JsonObject } from '../values/json-object.ts';
import { parseAnswer, tablesSchema } from './answers.ts';
import { isOpen, readBases, type Base, type BasesPage } from './bases.ts';
import type { Api } from './client.ts';
import { serverTime } from '../server-time.ts';
import { listOf, type ListName } from './source-ref.ts';

/** Budgets: the token's for the list of bases, the base's own for its tables. */
export interface ListRules {
  readonly token: readonly RateRule[];
  readonly of: (base: string) => readonly RateRule[];
}

const BASES: ListingTable = {
  what: 'the list of bases',
  idOf: ({ id }) => id,
  fields: [
    { id: 'name', column_type: 'text', valueOf: ({ name }) => name },
    { id: 'permission_level', column_type: 'text', valueOf: (base) => base['permissionLevel'] },
  ],
};

/** Entries are tables as the API gives them, with their base. */
const TABLES: ListingTable = {
  what: 'the list of tables',
  // With the base: a duplicated base may keep the ids of its tables, and no table may hide another.
  idOf: ({ base, id }) => (typeof id === 'string' ? `${String(base)}/${id}` : undefined),
  fields: [
    { id: 'base_id', column_type: 'text', valueOf: ({ base }) => base },
    { id: 'table_id', column_type: 'text', valueOf: ({ id }) => id },
    { id: 'name', column_type: 'text', valueOf: ({ name }) => name },
    { id: 'description', column_type: 'text', valueOf: ({ description }) => description },
    { id: 'primary_field', column_type: 'text', valueOf: primaryField },
    { id: 'fields', column_type: 'jsonb', valueOf: ({ fields }) => asList(fields).map(fieldEntry) },
  ],
};

const LISTINGS: Readonly<Record<ListName, ListingTable>> = { bases: BASES, tables: TABLES };

function primaryField({ primaryFieldId, fields }: JsonObject): unknown {
  return asList(fields).find(({ id }) => id === primaryFieldId)?.['name'];
}

const fieldEntry = ({ id, name, type }: JsonObject) => ({ id, name, type });

const asList = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

/** How stored entries of a listing become rows; null for what is no listing. */
export function listConverter(columns: readonly Column[], ref: SourceRef | undefined) {
  const list = ref === undefined ? null : listOf(ref);
  return list === null ? null : createEntryConverter(LISTINGS[list], columns);
}

/** The fixed columns of a listing, when the token may read it: asked with its first page. */
export async function describeList(
  api: Api,
  rules: readonly RateRule[],
  list: ListName,
): Promise<SourceSchema> {
  const { date } = await readBases(api, rules, null);
  const { what } = LISTINGS[list];
  return {
    title: list === 'bases' ? 'Bases' : 'Tables',
    external_id: `list/${list}`,
    fields: listingFields(LISTINGS[list]),
    server_time: serverTime(date, what),
  };
}

/** Reads a listing on from where it stands. */
export function fetchList(
  api: Api,
  rules: ListRules,
  list: ListName,
  request: BatchRequest,
): Promise<FetchedBatch> {
  return list === 'bases' ? fetchBases(api, rules, request) : fetchTables(api, rules, request);
}

/** One page is one batch: it holds up to 1,000 bases, and its size cannot be chosen. */
async function fetchBases(
  api: Api,
  { token }: ListRules,
  { window, columns }: BatchRequest,
): Promise<FetchedBatch> {
  const page = await readBases(api, token, window.cursor);
  const after = listedTo(window, page.entries.length, page.next, BASES.what);
  const sorted = sortEntries(BASES, columns);
  for (const entry of page.entries) sorted.take(entry);
  return {
    records: sorted.records(),
    rejected: sorted.rejected(),
    windows: [{ ...after, next_batch: window.next_batch + 1 }],
    evidence: { ...NO_EVIDENCE, pages: 1, gaps: sorted.gaps('full') },
  };
}

const NAMELESS_BASE = 'a base without an id is listed: its tables cannot be read';

/**
 * Where the list of tables stands: a page of the bases, and the base on it to go on with. The page is
 * listed again for every batch, which is one request for the tables of many bases.
 */
interface Place {
  readonly offset: string | null;
  /** Null: the page's first. */
  readonly base: string | null;
}

async function fetchTables(
  api: Api,
  rules: ListRules,
  { window, columns, max_records, isTimeUp }: BatchRequest,
): Promise<FetchedBatch> {
  const place = placeOf(window);
  const page = await readBases(api, rules.token, place.offset);
  const bases = basesFrom(page, place);
  const sorted = sortEntries(TABLES, columns);
  const gaps = page.entries.length > page.bases.length ? [NAMELESS_BASE] : [];
  let next: Base | undefined = bases.shift();
  let read = 0;
  for (; next !== undefined; next = bases.shift()) {
    if (read > 0 && (sorted.size() >= max_records || isTimeUp())) break;
    read += 1;
    const tables = await readTables(api, rules.of(next.id), next.id);
    if (tables === null) gaps.push(`the tables of base ${next.id} may not be read`);
    for (const table of tables ?? []) sorted.take(table);
  }
  const evidence: Evidence = {
    ...NO_EVIDENCE,
    pages: read + 1,
    gaps: [...gaps, ...sorted.gaps('full')],
  };
  const after = listedTo(window, sorted.size(), cursorAfter(page, place, next), TABLES.what);
  const windows = [{ ...after, next_batch: window.next_batch + 1 }];
  return { records: sorted.records(), rejected: sorted.rejected(), windows, evidence };
}

function placeOf({ cursor }: ScanWindow): Place {
  if (cursor === null) return { offset: null, base: null };
  const { offset, base } = JSON.parse(cursor) as Partial<Place>;
  return { offset: offset ?? null, base: base ?? null };
}

function cursorAfter(page: BasesPage, place: Place, next: Base | undefined): string | null {
  if (next !== undefined) return JSON.stringify({ ...place, base: next.id } satisfies Place);
  if (page.next === null) return null;
  return JSON.stringify({ offset: page.next, base: null } satisfies Place);
}

/** The open bases of a page from the place on. One that is not there any more: the list has changed. */
function basesFrom(page: BasesPage, { base }: Place): Base[] {
  const open = page.bases.filter(isOpen);
  if (base === null) return open;
  const index = open.findIndex(({ id }) => id === base);
  if (index >= 0) return open.slice(index);
  throw new SyncFailure('CursorLost', 'The list of bases has changed while it was read');
}

/** Null when they are forbidden: they may exist. A base that is gone has none. */
async function readTables(
  api: Api,
  rules: readonly RateRule[],
  base: string,
): Promise<readonly unknown[] | null> {
  const what = `base ${base}`;
  try {
    const answer = await api(rules, { base: 'meta', path: `/bases/${base}/tables`, what });
    const { tables } = parseAnswer(tablesSchema, answer.body, what);
    return tables.map((table) => (isObject(table) ? { ...table, base } : table));
  } catch (error) {
    if (error instanceof SyncFailure && error.type === 'NotFound') return [];
    if (error instanceof SyncFailure && error.type === 'Forbidden') return null;
    throw error;
  }
}
