export type ScanMode = 'full' | 'incremental';

/**
 * One part of a scan: records between two bounds, read in order by a cursor. It is also the resume
 * point: everything before `cursor` is merged once the batch that returned this window is merged.
 * `lower` and `upper` are the platform's own bounds (times for Notion), `cursor` is opaque.
 */
export interface ScanWindow {
  readonly window: number;
  readonly lower: string | null;
  readonly upper: string | null;
  readonly cursor: string | null;
  /** Number of the next batch in this window, from 0. */
  readonly next_batch: number;
  /** Sort value of the last record read: where to begin again when the cursor is lost. */
  readonly last: string | null;
  /** Times the cursor was lost since the last record of progress. */
  readonly restarts: number;
  readonly done: boolean;
  /** Which part of the bounds is read, in the platform's own words; absent: all of it. */
  readonly part?: string;
  /** Rows that the query at hand gave so far: a platform may stop at a limit without saying so. */
  readonly rows?: number;
  /** Pages that the query at hand gave so far, and one of its cursors: how a circle is noticed. */
  readonly pages?: number;
  readonly landmark?: string;
}

/** So many numbers are kept free for the windows that one batch may open: others are read beside it. */
export const OPENED_BY_A_BATCH = 20;

/** Number of the first window that a batch may open: beyond all that there are. */
export const firstFree = (windows: readonly Pick<ScanWindow, 'window'>[]): number =>
  Math.max(0, ...windows.map(({ window }) => window + 1));

/**
 * What is wrong with the numbers of windows that a batch of the window `own` left; null when nothing is. Two windows
 * with one number would be one, and what the other was to read would be missing without a word.
 */
export function openedProblem(
  own: number,
  free: number,
  windows: readonly Pick<ScanWindow, 'window'>[],
): string | null {
  const end = free + OPENED_BY_A_BATCH;
  const wrong = windows.find(({ window }) => window !== own && (window < free || window >= end));
  return wrong === undefined
    ? null
    : `window ${wrong.window}, where a batch may open ${free} to ${end - 1}`;
}

/** A window that nothing was read of yet. */
export function openWindow(
  window: number,
  bounds: { readonly lower: string | null; readonly upper?: string | null; readonly part?: string },
): ScanWindow {
  const { lower, upper = null, part } = bounds;
  return {
    window,
    lower,
    upper,
    cursor: null,
    next_batch: 0,
    last: null,
    restarts: 0,
    done: false,
    ...(part === undefined ? {} : { part }),
  };
}

/** What a scan is: a later run goes on from a checkpoint only when all of it matches. */
export interface ScanIdentity {
  readonly scan_id: string;
  readonly mode: ScanMode;
  /** Incremental: records edited at or after this time (watermark less overlap). */
  readonly since: string | null;
  /** The source's own clock when the scan began; the watermark it earns is this less the overlap. */
  readonly started_at: string;
  readonly schema_fingerprint: string;
  /** What it is a scan of, on platforms that tell versions of a source. */
  readonly version?: string;
}

/** What a scan saw; the certificate rests on it. All parts add up over batches. */
export interface Evidence {
  readonly pages: number;
  /** Records listed, those that came twice included. */
  readonly rows: number;
  /** Values that the listing cut short and that were read whole. */
  readonly completed: number;
  /** The first and the last record listed: sort value and id. */
  readonly first: string | null;
  readonly last: string | null;
  /** The platform's own clock with the latest answer. */
  readonly server_time: string | null;
  readonly cap_hits: number;
  readonly cursor_restarts: number;
  /** Rows that are not records (data sources among the rows of a wiki). */
  readonly other_objects: number;
  /** Why the scan cannot be whole; empty when it is. */
  readonly gaps: readonly string[];
}

export const NO_EVIDENCE: Evidence = {
  pages: 0,
  rows: 0,
  completed: 0,
  first: null,
  last: null,
  server_time: null,
  cap_hits: 0,
  cursor_restarts: 0,
  other_objects: 0,
  gaps: [],
};

/** The gap of a full scan that met records without an id: what it did not see may be one of them. */
export const UNIDENTIFIED = 'records without an id were met: missing ones cannot be told';

const MAX_GAPS = 10;

/** The evidence of two parts of one scan together, in their order; at most ten different gaps are kept. */
export function addEvidence(a: Evidence, b: Evidence): Evidence {
  return {
    pages: a.pages + b.pages,
    rows: a.rows + b.rows,
    completed: a.completed + b.completed,
    first: a.first ?? b.first,
    last: b.last ?? a.last,
    server_time: b.server_time ?? a.server_time,
    cap_hits: a.cap_hits + b.cap_hits,
    cursor_restarts: a.cursor_restarts + b.cursor_restarts,
    other_objects: a.other_objects + b.other_objects,
    gaps: [...new Set([...a.gaps, ...b.gaps])].slice(0, MAX_GAPS),
  };
}

/** What became of the records that a full scan did not find. */
export interface SweepTally {
  readonly missing: number;
  readonly deleted: number;
  readonly moved: number;
  readonly still_there: number;
  /** Not settled: a person has to decide. */
  readonly held: number;
}

/**
 * Why a source may be believed, or what is missing: recorded with each run of it. Whole only when every
 * window was read to its end, every batch logged as many ids as it staged, and nothing stayed cut short.
 */
export interface Certificate extends Evidence {
  readonly scan_id: string;
  readonly mode: ScanMode;
  readonly since: string | null;
  /** The platform's clock when the scan began. */
  readonly began_at: string;
  readonly windows: number;
  /** Different records seen. */
  readonly records: number;
  readonly sweep: SweepTally | null;
  /** What keeps the scan from being whole; empty when it is. */
  readonly missing: readonly string[];
}
