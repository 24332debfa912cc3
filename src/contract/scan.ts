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
}

/** What a scan saw; the certificate rests on it. All parts add up over batches. */
export interface Evidence {
  readonly pages: number;
  readonly cap_hits: number;
  readonly cursor_restarts: number;
  /** Rows that are not records (data sources among the rows of a wiki). */
  readonly other_objects: number;
  /** Why the scan cannot be whole; empty when it is. */
  readonly gaps: readonly string[];
}

export const NO_EVIDENCE: Evidence = {
  pages: 0,
  cap_hits: 0,
  cursor_restarts: 0,
  other_objects: 0,
  gaps: [],
};

/** The gap of a full scan that met records without an id: what it did not see may be one of them. */
export const UNIDENTIFIED = 'records without an id were met: missing ones cannot be told';

const MAX_GAPS = 10;

/** The evidence of two parts of one scan together; at most ten different gaps are kept. */
export function addEvidence(a: Evidence, b: Evidence): Evidence {
  return {
    pages: a.pages + b.pages,
    cap_hits: a.cap_hits + b.cap_hits,
    cursor_restarts: a.cursor_restarts + b.cursor_restarts,
    other_objects: a.other_objects + b.other_objects,
    gaps: [...new Set([...a.gaps, ...b.gaps])].slice(0, MAX_GAPS),
  };
}
