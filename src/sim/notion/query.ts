import type { SimClock } from '../clock.ts';
import type { JsonObject } from '../exchange.ts';
import type { SimRow } from '../rows.ts';
import { mix } from '../seeded.ts';
import type { CursorPlace, CursorSession, CursorStore } from './cursors.ts';
import { invalidCursor } from './errors.ts';
import { parseFilter } from './filters.ts';
import type { RowPredicate } from './filters.ts';
import type { NotionKnobs } from './knobs.ts';
import type { NotionProperty } from './properties.ts';
import { orderedRows, parseSorts, placeOf } from './row-order.ts';
import type { RowOrder, SortKey } from './row-order.ts';
import { isRichText, plainText } from './rich-text.ts';
import type { NotionDataSource } from './workspace.ts';

export interface QueryContext {
  readonly clock: SimClock;
  readonly knobs: NotionKnobs;
  readonly cursors: CursorStore;
  readonly cell: (source: NotionDataSource, row: SimRow, property: NotionProperty) => unknown;
}

export interface QueryPage {
  readonly rows: readonly SimRow[];
  readonly nextCursor: string | null;
  /** The query met its row limit: there are more rows, and no cursor to them. */
  readonly incomplete: boolean;
}

/** One page of a data source query. Bodies are those of `POST data_sources/{id}/query`. */
export function queryPage(
  context: QueryContext,
  source: NotionDataSource,
  token: string,
  body: JsonObject,
  pageSize: number,
): QueryPage {
  const { knobs, clock, cursors } = context;
  const accepts = visible(context, source, body);
  const scope = `${token} ${source.id} ${JSON.stringify([body.filter, body.sorts, body.result_type])}`;
  const place = resume(context, scope, body.start_cursor);
  if (place !== undefined) refuseGone(context, source, place, String(body.start_cursor));
  const session = place?.session ?? cursors.open(clock.elapsed());
  const { rows, order } = ordered(context, source, session, body.sorts);
  if (place === undefined && knobs.view === 'frozen') session.frozen = rows.filter(accepts);
  const scan = session.frozen ?? rows;
  const start = startOf(scan, order, session, place);
  const served = place?.served ?? 0;
  const size = Math.min(shortened(knobs, session, served, pageSize), knobs.queryCap - served);
  const found = collect(scan, start, accepts, size);
  const total = served + found.rows.length;
  if (found.next === null) return { rows: found.rows, nextCursor: null, incomplete: false };
  if (total >= knobs.queryCap) return { rows: found.rows, nextCursor: null, incomplete: true };
  // After an empty page the cursor names the same row; only a real loop would repeat it literally.
  const named = found.rows.length === 0 ? cursors.renew(session) : session;
  const nextCursor = give(context, scope, named, order, found.next, found.at, total);
  return { rows: found.rows, nextCursor, incomplete: false };
}

function ordered(
  context: QueryContext,
  source: NotionDataSource,
  session: CursorSession,
  sorts: unknown,
) {
  const { knobs, cell } = context;
  const shuffle = knobs.defaultOrder === 'shuffled' ? session.serial : 0;
  return orderedRows(source, `${JSON.stringify(sorts ?? [])} ${shuffle}`, () =>
    parseSorts(sorts, source, knobs, shuffle, (row, property) =>
      sortKey(cell(source, row, property)),
    ),
  );
}

function startOf(
  scan: readonly SimRow[],
  order: RowOrder,
  session: CursorSession,
  place: CursorPlace | undefined,
): number {
  if (place === undefined) return 0;
  return session.frozen === null ? placeOf(scan, order, place.keys) : place.at;
}

function visible(context: QueryContext, source: NotionDataSource, body: JsonObject): RowPredicate {
  const { knobs, clock } = context;
  const cell = (row: SimRow, property: NotionProperty) => context.cell(source, row, property);
  const accepts = parseFilter(body.filter, { source, knobs, now: () => clock.now(), cell });
  const now = clock.now();
  const lag = knobs.indexLagMs;
  const wanted = (row: SimRow) =>
    body.result_type === undefined || (body.result_type === 'data_source') === (row.entry !== null);
  return (row) =>
    !row.trashed && wanted(row) && (lag === 0 || now - row.created >= lag) && accepts(row);
}

function resume(context: QueryContext, scope: string, cursor: unknown): CursorPlace | undefined {
  if (cursor === undefined || cursor === null) return undefined;
  const { cursors, clock, knobs } = context;
  const place = cursors.find(scope, String(cursor), clock.elapsed(), {
    ttlMs: knobs.cursorTtlMs,
    singleUse: knobs.cursorSingleUse,
  });
  if (place === undefined) throw invalidCursor(String(cursor));
  return place;
}

function refuseGone(
  context: QueryContext,
  source: NotionDataSource,
  place: CursorPlace,
  cursor: string,
): void {
  const row = source.byId.get(place.next);
  const gone = row === undefined || row.trashed;
  if (gone && context.knobs.cursorRowGone === 'refuse') throw invalidCursor(cursor);
}

/** Now and then a page is shorter than asked for, as the API reserves the right to. */
function shortened(
  knobs: NotionKnobs,
  session: CursorSession,
  served: number,
  pageSize: number,
): number {
  const hash = mix(session.serial, served);
  return hash / 2 ** 32 < knobs.shortPages ? mix(hash, 1) % Math.min(pageSize, 8) : pageSize;
}

function collect(scan: readonly SimRow[], start: number, accepts: RowPredicate, size: number) {
  const rows: SimRow[] = [];
  for (let at = start; at < scan.length; at += 1) {
    const row = scan[at];
    if (row === undefined || !accepts(row)) continue;
    if (rows.length === size) return { rows, next: row, at };
    rows.push(row);
  }
  return { rows, next: null, at: scan.length };
}

function give(
  context: QueryContext,
  scope: string,
  session: CursorSession,
  order: RowOrder,
  next: SimRow,
  at: number,
  served: number,
): string {
  const cursor = context.knobs.cursorForm === 'session' ? `s:${session.id}:${next.id}` : next.id;
  const keys = order.keysOf(next);
  return context.cursors.give(scope, cursor, { session, next: next.id, keys, at, served });
}

/** What a cell is sorted by. */
function sortKey(value: unknown): SortKey {
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (typeof value === 'boolean') return Number(value);
  if (isRichText(value)) return value.length === 0 ? null : plainText(value).toLowerCase();
  if (Array.isArray(value)) return value.length === 0 ? null : sortKey(value[0]);
  if (typeof value !== 'object' || value === null) return null;
  for (const key of ['name', 'start', 'number', 'string', 'id', 'date'] as const) {
    if (key in value) return sortKey((value as JsonObject)[key]);
  }
  return null;
}
