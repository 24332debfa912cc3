import type { SimClock } from '../clock.ts';
import type { SimRow } from '../rows.ts';
import { hashText, seededAirtableId } from '../seeded.ts';
import { cellValue } from './cells.ts';
import type { CellView } from './cells.ts';
import { forbidden, invalidFormula, iteratorLost, unknownField, unknownView } from './errors.ts';
import { findField } from './fields.ts';
import type { AirtableField } from './fields.ts';
import { fieldNames, parseFormula } from './formula.ts';
import { passes } from './formula-values.ts';
import type { AirtableKnobs } from './knobs.ts';
import type { ListParameters } from './list-parameters.ts';

/** A listing that goes on over several requests: membership and order are those of its first page. */
interface Iterator {
  readonly scope: string;
  readonly rows: readonly SimRow[];
  usedAt: number;
  /** Where each offset that was given out goes on. */
  readonly places: Map<string, number>;
}

export interface ListContext {
  readonly clock: SimClock;
  readonly knobs: AirtableKnobs;
  readonly iterators: RecordIterators;
}

/** Each holds its whole listing, so a long life of the simulator must not keep them all. */
const MOST_ITERATORS = 100;

/** The iterators behind offsets. They end when idle, and with a restart of the server. */
export class RecordIterators {
  readonly #iterators = new Map<string, Iterator>();
  #serial = 0;

  open(scope: string, rows: readonly SimRow[], now: number): string {
    this.#serial += 1;
    const id = seededAirtableId('itr', hashText(scope), this.#serial);
    const oldest = this.#iterators.keys().next();
    if (this.#iterators.size >= MOST_ITERATORS && !oldest.done)
      this.#iterators.delete(oldest.value);
    this.#iterators.set(id, { scope, rows, usedAt: now, places: new Map() });
    return id;
  }

  get(id: string): Iterator | undefined {
    return this.#iterators.get(id);
  }

  /** Forgets every iterator, as a restarted server does. */
  expireAll(): void {
    this.#iterators.clear();
  }
}

export interface RecordPage {
  readonly records: readonly Record<string, unknown>[];
  readonly offset: string | null;
}

/** One page of a table's records. `scope` names who lists what: offsets hold only there. */
export function recordPage(
  context: ListContext,
  view: CellView,
  scope: string,
  parameters: ListParameters,
): RecordPage {
  const { clock, knobs, iterators } = context;
  const fields = chosenFields(view, parameters);
  const now = clock.elapsed();
  const resumed = parameters.offset === null ? null : resume(context, scope, parameters.offset);
  const rows = resumed?.iterator.rows ?? matchingRows(context, view, parameters);
  const scan =
    knobs.scan === 'live' && resumed !== null ? matchingRows(context, view, parameters) : rows;
  const start = resumed?.start ?? 0;
  const end = Math.min(start + parameters.pageSize, scan.length);
  // Deleted during the scan: simply missing from its page.
  const page = scan.slice(start, end).filter((row) => !row.trashed && view.table.byId.has(row.id));
  const records = page.map((row) => recordObject(view, row, fields, parameters.byId));
  if (end >= scan.length) return { records, offset: null };
  const id = resumed?.id ?? iterators.open(scope, rows, now);
  const offset = `${id}/${scan[end - 1]?.id ?? ''}`;
  iterators.get(id)?.places.set(offset, end);
  return { records, offset };
}

function resume(context: ListContext, scope: string, offset: string) {
  const { clock, knobs, iterators } = context;
  const id = offset.split('/')[0] ?? '';
  const iterator = iterators.get(id);
  const start = iterator?.places.get(offset);
  const now = clock.elapsed();
  if (iterator === undefined || start === undefined || iterator.scope !== scope) {
    throw iteratorLost();
  }
  if (knobs.offsetTtlMs > 0 && now - iterator.usedAt > knobs.offsetTtlMs) throw iteratorLost();
  if (knobs.offsetSingleUse) iterator.places.delete(offset);
  iterator.usedAt = now;
  return { id, iterator, start };
}

function chosenFields(view: CellView, parameters: ListParameters): readonly AirtableField[] {
  if (parameters.fields.length === 0) return view.table.fields;
  return parameters.fields.map((name) => {
    const field = findField(view.table.fields, name);
    if (field === undefined) throw unknownField(name);
    return field;
  });
}

function matchingRows(
  context: ListContext,
  view: CellView,
  parameters: ListParameters,
): readonly SimRow[] {
  const { table } = view;
  const now = context.clock.now();
  const lag = context.knobs.listLagMs;
  const every = viewOf(view, parameters)?.every ?? 1;
  const accepts = formulaFilter(context, view, parameters.formula);
  const rows = table.rows.filter(
    (row) =>
      !row.trashed &&
      (every === 1 || row.index % every === 0) &&
      (lag === 0 || now - row.created >= lag) &&
      accepts(row),
  );
  sortRows(rows, view, parameters);
  return rows.length > parameters.maxRecords ? rows.slice(0, parameters.maxRecords) : rows;
}

function viewOf(view: CellView, parameters: ListParameters) {
  if (parameters.view === null) return undefined;
  const wanted = parameters.view;
  const found = view.table.views.find((one) => one.id === wanted || one.name === wanted);
  if (found === undefined) throw unknownView(wanted);
  return found;
}

function formulaFilter(
  context: ListContext,
  view: CellView,
  text: string | null,
): (row: SimRow) => boolean {
  if (text === null) return () => true;
  const formula = parseFormula(text);
  const fieldOf = (name: string) => findField(view.table.fields, name);
  const unknown = fieldNames(formula).find((name) => fieldOf(name) === undefined);
  if (unknown !== undefined) throw invalidFormula(`Unknown field names: ${unknown.toLowerCase()}`);
  const { listLagMs, blankTimes } = context.knobs;
  const now = context.clock.now();
  return (row) =>
    passes(formula, {
      row,
      blankTimes,
      cell: (name) => {
        const field = fieldOf(name);
        return field === undefined ? undefined : cellValue(view, row, field);
      },
      modified: (names) => {
        if (listLagMs > 0 && now - row.edited < listLagMs) return row.editedBefore;
        if (names.length === 0) return row.edited;
        return Math.max(...names.map((name) => row.cellEdits?.get(fieldOf(name)?.id ?? '') ?? 0));
      },
    });
}

function sortRows(rows: SimRow[], view: CellView, parameters: ListParameters): void {
  const terms = parameters.sort.map(({ field: name, descending }) => {
    const field = findField(view.table.fields, name);
    if (field === undefined) throw unknownField(name);
    return { field, direction: descending ? -1 : 1 };
  });
  if (terms.length === 0) return;
  rows.sort((a, b) => {
    for (const { field, direction } of terms) {
      const [x, y] = [cellValue(view, a, field) ?? '', cellValue(view, b, field) ?? ''];
      if (x === y) continue;
      const numbers = typeof x === 'number' && typeof y === 'number';
      return (numbers ? x - y : String(x) < String(y) ? -1 : 1) * direction;
    }
    return 0;
  });
}

/** A record as the API gives it: empty cells are left out. */
export function recordObject(
  view: CellView,
  row: SimRow,
  fields: readonly AirtableField[] = view.table.fields,
  byId = false,
): Record<string, unknown> {
  const cells: Record<string, unknown> = {};
  for (const field of fields) {
    const value = cellValue(view, row, field);
    if (value !== undefined) cells[byId ? field.id : field.name] = value;
  }
  return { id: row.id, createdTime: new Date(row.created).toISOString(), fields: cells };
}

/** Get-record searches the whole base when the table is not the record's own. */
export function singleRecord(
  views: readonly CellView[],
  id: string,
  byId: boolean,
): Record<string, unknown> | undefined {
  for (const view of views) {
    const row = view.table.byId.get(id);
    if (row !== undefined && !row.trashed) return recordObject(view, row, view.table.fields, byId);
  }
  if (views.length === 0) throw forbidden();
  return undefined;
}
