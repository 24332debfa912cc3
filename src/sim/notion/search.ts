import { indexedEdit } from './filters.ts';
import { isObject } from '../exchange.ts';
import type { JsonObject } from '../exchange.ts';
import { invalidCursor, validation } from './errors.ts';
import { dataSourceObject, pageObject } from './objects.ts';
import type { ObjectView } from './objects.ts';
import { titleOf } from './property-values.ts';
import type { QueryContext } from './query.ts';
import type { SimRow } from '../rows.ts';
import { maySee } from './workspace.ts';
import type { NotionDataSource, NotionToken, NotionWorkspace } from './workspace.ts';

interface Hit {
  readonly source: NotionDataSource;
  /** Absent: the data source itself. */
  readonly row: SimRow | null;
  readonly edited: number;
  readonly id: string;
}

/** All objects, last edited first; made anew only after a change. */
export class SearchIndex {
  #version = -1;
  #hits: readonly Hit[] = [];

  hits(workspace: NotionWorkspace): readonly Hit[] {
    if (this.#version !== workspace.version) {
      this.#version = workspace.version;
      this.#hits = [...workspace.dataSources.values()].flatMap(objectsOf).sort(byEdit);
    }
    return this.#hits;
  }
}

function objectsOf(source: NotionDataSource): Hit[] {
  const pages = source.rows
    .filter((row) => row.entry === null)
    .map((row) => ({ source, row, edited: row.edited, id: row.id }));
  return [{ source, row: null, edited: source.edited, id: source.id }, ...pages];
}

const byEdit = (a: Hit, b: Hit) => b.edited - a.edited || (a.id < b.id ? -1 : 1);

/** One page of `POST search`. The order is by last edit, descending unless asked otherwise. */
export function searchPage(
  context: QueryContext,
  index: SearchIndex,
  view: ObjectView,
  token: NotionToken,
  body: JsonObject,
  pageSize: number,
): { readonly results: readonly unknown[]; readonly nextCursor: string | null } {
  const { cursors, clock, knobs } = context;
  const accepts = searchFilter(context, view, token, body);
  const ascending = isObject(body.sort) && body.sort.direction === 'ascending';
  const ordered = index.hits(view.workspace);
  const hits = ascending ? [...ordered].reverse() : ordered;
  const scope = `search ${token.token} ${JSON.stringify([body.query, body.filter, body.sort])}`;
  const cursor = body.start_cursor === undefined ? null : String(body.start_cursor);
  const rules = { ttlMs: knobs.cursorTtlMs, singleUse: knobs.cursorSingleUse };
  const place = cursor === null ? undefined : cursors.find(scope, cursor, clock.elapsed(), rules);
  if (cursor !== null && place === undefined) throw invalidCursor(cursor);
  const start = place === undefined ? 0 : hits.findIndex((hit) => hit.id === place.next);
  if (start < 0) throw invalidCursor(String(cursor));
  const found: Hit[] = [];
  for (let at = start; at < hits.length && found.length <= pageSize; at += 1) {
    const hit = hits[at];
    if (hit !== undefined && accepts(hit)) found.push(hit);
  }
  const next = found[pageSize];
  const session = place?.session ?? cursors.open(clock.elapsed());
  return {
    results: found
      .slice(0, pageSize)
      .map(({ source, row }) =>
        row === null ? dataSourceObject(view, source) : pageObject(view, source, row),
      ),
    nextCursor:
      next === undefined
        ? null
        : cursors.give(scope, next.id, { session, next: next.id, keys: [], at: 0, served: 0 }),
  };
}

function searchFilter(
  context: QueryContext,
  view: ObjectView,
  token: NotionToken,
  body: JsonObject,
): (hit: Hit) => boolean {
  const filter = isObject(body.filter) ? body.filter : {};
  const kind = filter.value;
  if (kind !== undefined && kind !== 'page' && kind !== 'data_source') {
    throw validation(
      `body failed validation: body.filter.value should be \`"page"\` or \`"data_source"\`, instead was \`${JSON.stringify(kind)}\`.`,
    );
  }
  const trashed = filter.in_trash === true;
  const words = String(body.query ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const { clock, knobs } = context;
  return ({ source, row }) => {
    if (!maySee(token, source) || (kind !== undefined && (kind === 'page') !== (row !== null))) {
      return false;
    }
    if ((row?.trashed ?? source.inTrash) !== trashed) return false;
    if (row !== null && indexedEdit(row, clock.now(), knobs.indexLagMs) !== row.edited)
      return false;
    if (words.length === 0) return true;
    // The live search is fuzzy: any word will do, so it is no lookup by title.
    const title = (
      row === null ? source.title : titleOf(view.workspace, source, row)
    ).toLowerCase();
    return words.some((word) => title.includes(word));
  };
}
