import { isObject } from '../exchange.ts';
import type { SimRow } from '../rows.ts';
import { mix } from '../seeded.ts';
import { validation } from './errors.ts';
import type { NotionKnobs } from './knobs.ts';
import { findProperty } from './properties.ts';
import type { NotionProperty } from './properties.ts';
import type { NotionDataSource } from './workspace.ts';

export type SortKey = number | string | null;

/** A total order of rows that can be entered at any key, also one that no row has any more. */
export interface RowOrder {
  readonly compare: (a: SimRow, b: SimRow) => number;
  readonly keysOf: (row: SimRow) => readonly SortKey[];
  readonly compareToKeys: (row: SimRow, keys: readonly SortKey[]) => number;
}

interface SortTerm {
  readonly key: (row: SimRow) => SortKey;
  readonly direction: 1 | -1;
}

function compareKeys(a: SortKey, b: SortKey, direction: 1 | -1): number {
  if (a === b) return 0;
  // Empty cells come last in either direction.
  if (a === null) return 1;
  if (b === null) return -1;
  return (a < b ? -1 : 1) * direction;
}

function orderBy(terms: readonly SortTerm[]): RowOrder {
  const compareToKeys = (row: SimRow, keys: readonly SortKey[]) => {
    for (const [place, term] of terms.entries()) {
      const result = compareKeys(term.key(row), keys[place] ?? null, term.direction);
      if (result !== 0) return result;
    }
    return 0;
  };
  return {
    compareToKeys,
    keysOf: (row) => terms.map((term) => term.key(row)),
    compare: (a, b) => {
      for (const term of terms) {
        const result = compareKeys(term.key(a), term.key(b), term.direction);
        if (result !== 0) return result;
      }
      return 0;
    },
  };
}

const TIMES: Readonly<Record<string, (row: SimRow) => number>> = {
  created_time: (row) => row.created,
  last_edited_time: (row) => row.edited,
};

/** The sort key of a property's cell. */
export type CellKey = (row: SimRow, property: NotionProperty) => SortKey;

/** The order that the `sorts` of a query ask for; ties are broken by the order of creation. */
export function parseSorts(
  sorts: unknown,
  source: NotionDataSource,
  knobs: NotionKnobs,
  session: number,
  cell: CellKey,
): RowOrder {
  if (sorts !== undefined && !Array.isArray(sorts)) {
    throw validation('body failed validation: body.sorts should be an array.');
  }
  const terms = ((sorts ?? []) as readonly unknown[]).map((sort) => sortTerm(sort, source, cell));
  if (terms.length === 0) terms.push(defaultTerm(knobs, session));
  const direction = terms[0]?.direction ?? 1;
  return orderBy([...terms, { key: (row) => row.index, direction }]);
}

function defaultTerm(knobs: NotionKnobs, session: number): SortTerm {
  return knobs.defaultOrder === 'shuffled'
    ? { key: (row) => mix(session, row.index), direction: 1 }
    : { key: (row) => row.created, direction: -1 };
}

function sortTerm(sort: unknown, source: NotionDataSource, cell: CellKey): SortTerm {
  if (!isObject(sort) || (sort.direction !== 'ascending' && sort.direction !== 'descending')) {
    throw validation(
      'body failed validation: body.sorts[0].direction should be `"ascending"` or `"descending"`.',
    );
  }
  const direction = sort.direction === 'ascending' ? 1 : -1;
  const time = typeof sort.timestamp === 'string' ? TIMES[sort.timestamp] : undefined;
  if (time !== undefined) return { key: time, direction };
  const property =
    typeof sort.property === 'string' ? findProperty(source.properties, sort.property) : undefined;
  if (property === undefined) {
    throw validation(`Could not find sort property with name or id: ${String(sort.property)}`);
  }
  // A comparison asks for each key many times, and a cell is expensive to derive.
  const known = new Map<SimRow, SortKey>();
  const key = (row: SimRow) => {
    const cached = known.get(row);
    if (cached !== undefined) return cached;
    const made = cell(row, property);
    known.set(row, made);
    return made;
  };
  return { key, direction };
}

const MOST_ORDERS = 8;

/** All rows of a source in an order; kept until a row changes, and mostly in order even then. */
export function orderedRows(
  source: NotionDataSource,
  name: string,
  order: () => RowOrder,
): { readonly rows: readonly SimRow[]; readonly order: RowOrder } {
  const known = source.orders.get(name);
  if (known !== undefined && known.version === source.version) return known;
  const fresh = order();
  const rows = known?.rowSet === source.rowSet ? known.rows : [...source.rows];
  rows.sort(fresh.compare);
  const oldest = source.orders.keys().next();
  if (source.orders.size >= MOST_ORDERS && !oldest.done) source.orders.delete(oldest.value);
  const made = { version: source.version, rowSet: source.rowSet, rows, order: fresh };
  source.orders.set(name, made);
  return made;
}

/** Place of the first row that is not before the keys. */
export function placeOf(
  rows: readonly SimRow[],
  order: RowOrder,
  keys: readonly SortKey[],
): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row !== undefined && order.compareToKeys(row, keys) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
