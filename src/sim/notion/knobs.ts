/**
 * How the simulated Notion behaves where the real one may differ, or is undocumented. All of them can
 * be changed while it runs.
 */
export interface NotionKnobs {
  /** Accepted values of Notion-Version, newest last. */
  versions: readonly string[];
  /** Requests per window and token; 0 switches the limit off. 180 a minute is documented, 600 on Business. */
  rateLimit: number;
  rateWindowMs: number;
  /** Requests per window for all tokens of the workspace together; 0: none. */
  workspaceRateLimit: number;
  /** Real query cursors are `s:<session>:<next row>`, older ones the plain id of the next row. */
  cursorForm: 'session' | 'plain';
  /** Idle time after which a cursor is refused; 0: never. Undocumented. */
  cursorTtlMs: number;
  cursorSingleUse: boolean;
  /** What a cursor does whose next row is gone. Undocumented. */
  cursorRowGone: 'continue' | 'refuse';
  /** Whether edits during a scan move rows in its order (`live`) or not (`frozen`). Undocumented. */
  view: 'live' | 'frozen';
  /** Times of pages and data sources are floored to the minute; database objects never are. */
  timeFloor: 'minute' | 'exact';
  /** Pages end their times in `Z`, databases in `+00:00`; `mixed`: every other page does as databases do. */
  timeForm: 'Z' | 'mixed';
  /** What timestamp filters compare. Undocumented. */
  filterTimes: 'floored' | 'exact';
  /** Order without sorts: newest first as recorded, or anything, as documented. */
  defaultOrder: 'created' | 'shuffled';
  /** Longest relation in pages and queries; 0: no limit. */
  relationCut: number;
  /** Some recorded pages have no `has_more` beside a relation that is whole. */
  relationHasMore: 'present' | 'absent when false';
  /** Longest people value in pages and queries; 0: no limit. */
  peopleCut: number;
  /** Most mentions per rich text value in pages and queries; 0: no limit, as recorded. */
  mentionCut: number;
  /** Longest rollup array in pages and queries; 0: no limit. */
  rollupCut: number;
  /** Rows per query before it ends as incomplete. */
  queryCap: number;
  /** Whether a query that met its limit says so, as documented. */
  capTold: boolean;
  /** Edits reach queries and search this much later than pages. */
  indexLagMs: number;
  /** Share of query pages with fewer rows than asked for (even none) though there are more. */
  shortPages: number;
  latencyMs: number;
}

export const NOTION_DEFAULTS: NotionKnobs = {
  versions: ['2025-09-03', '2026-03-11'],
  rateLimit: 180,
  rateWindowMs: 60_000,
  workspaceRateLimit: 0,
  cursorForm: 'session',
  cursorTtlMs: 45_000,
  cursorSingleUse: false,
  cursorRowGone: 'continue',
  view: 'live',
  timeFloor: 'minute',
  timeForm: 'Z',
  filterTimes: 'floored',
  defaultOrder: 'created',
  relationCut: 25,
  relationHasMore: 'present',
  peopleCut: 25,
  mentionCut: 0,
  rollupCut: 25,
  queryCap: 10_000,
  capTold: true,
  indexLagMs: 0,
  shortPages: 0,
  latencyMs: 0,
};
