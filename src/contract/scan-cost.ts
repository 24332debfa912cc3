import type { ScanMode } from './scan.ts';

/** What the latest full scan of a source that ended complete took. */
export interface FullScanFacts {
  readonly requests: number;
  readonly pages: number;
  /** Different records listed. */
  readonly records: number;
  /** Rows that were new or differed: those whose cut values and contents were read. */
  readonly written: number;
  readonly contents: number;
  readonly rate_limited: number;
  readonly batches: number;
  readonly batch_size: number;
}

/** The latest incremental scans of a source that ended complete, together. */
export interface IncrementalFacts {
  readonly runs: number;
  readonly requests: number;
  readonly pages: number;
  readonly read: number;
  readonly written: number;
  readonly contents: number;
  readonly rate_limited: number;
  /** Length of the times whose edits they asked for. */
  readonly seconds: number;
}

/** What is known of a source that says what its next scan takes. */
export interface CostFacts {
  /** Rows that its table should have now; null: never read whole. */
  readonly records: number | null;
  readonly full: FullScanFacts | null;
  readonly incremental: IncrementalFacts | null;
  /** Since its watermark; null without one. */
  readonly watermark_age_seconds: number | null;
  /** Contents that wait to be read; null: they are not wanted. */
  readonly unread: number | null;
  /** All rows count as changed: a column was added, or they are to be healed. */
  readonly writes_all: boolean;
  /** A listing has no values that lists cut short: what it takes besides its pages is the same each time. */
  readonly listed_whole: boolean;
  /** Nothing is read of it when it did not change, which only asking tells. */
  readonly perhaps_unchanged?: boolean;
  /** It is read without any request. */
  readonly no_requests?: boolean;
  /** Pages of a scan that is gone on with; 0: it begins anew. */
  readonly pages_done: number;
}

/** A number that is not known yet. `expected` null and `most` null: nothing says how many. */
export interface Estimate {
  readonly expected: number | null;
  readonly least: number;
  readonly most: number | null;
}

export interface ScanCost {
  readonly records: Estimate;
  readonly requests: Estimate;
  readonly contents: Estimate | null;
  /** What the numbers rest on. */
  readonly basis: string;
}

/** Most records of one page, on every platform so far. */
const LARGEST_PAGE = 100;
const SCHEMA_REQUESTS = 1;
/** A full scan of more than one batch looks at the schema again when it is over. */
const schemaRequests = (batches: number): number => SCHEMA_REQUESTS + (batches > 1 ? 1 : 0);

/** Pages of so many records: batches hold whole pages, so an odd batch size makes its pages smaller. */
export const pagesOf = (records: number, batchSize: number): number =>
  Math.max(1, Math.ceil(records / (batchSize / Math.ceil(batchSize / LARGEST_PAGE))));

/**
 * What a scan takes, learned from what the source's earlier ones took: pages for the records, what its windows
 * and other objects added to them, and what was asked for each row that changed. A source that was never read
 * is a range with an open end.
 */
export function scanCost(mode: ScanMode, facts: CostFacts, batchSize: number): ScanCost {
  const cost = costByRequests(mode, facts, batchSize);
  const records = facts.perhaps_unchanged === true ? { ...cost.records, least: 0 } : cost.records;
  if (facts.no_requests !== true) return { ...cost, records };
  return { ...cost, records, requests: NO_REQUESTS };
}

const NO_REQUESTS: Estimate = { expected: 0, least: 0, most: 0 };

function costByRequests(mode: ScanMode, facts: CostFacts, batchSize: number): ScanCost {
  if (facts.records === null) return unknownCost(facts);
  const whole = fullCost(facts, facts.records, batchSize);
  return mode === 'full' ? whole : incrementalCost(facts, whole, batchSize);
}

function unknownCost({ unread }: CostFacts): ScanCost {
  return {
    records: { expected: null, least: 0, most: null },
    requests: { expected: null, least: SCHEMA_REQUESTS + 1, most: null },
    contents: unread === null ? null : { expected: null, least: unread, most: null },
    basis: 'never read whole: how many records there are shows only as they are read',
  };
}

function fullCost(facts: CostFacts, records: number, batchSize: number): ScanCost {
  const { full } = facts;
  const extra =
    full === null ? 0 : Math.max(0, full.pages - pagesOf(full.records, full.batch_size));
  const schema = schemaRequests(Math.ceil(records / batchSize));
  const fixed =
    facts.listed_whole && full !== null
      ? // Last time it may have got the schema with the other tables of its base.
        Math.max(schema, full.requests - full.pages - full.contents - full.rate_limited)
      : schema;
  const pages = Math.max(1, pagesOf(records, batchSize) + extra - facts.pages_done);
  const perWritten = facts.listed_whole ? 0 : perRow(full);
  const written = facts.writes_all ? records : Math.min(records, changesSince(facts) ?? 0);
  const contents = contentsOf(facts, written, records);
  const least = fixed + pages;
  return {
    records: { expected: records, least: records, most: records },
    requests: {
      expected: least + Math.round(written * perWritten) + (contents?.expected ?? 0),
      least,
      most: least + Math.ceil(records * perWritten) + (contents?.most ?? 0),
    },
    contents,
    basis: full === null ? 'a page for 100 records' : 'as the last full scan',
  };
}

function incrementalCost(facts: CostFacts, whole: ScanCost, batchSize: number): ScanCost {
  const { incremental } = facts;
  const known = whole.records.most ?? 0;
  const changed = Math.min(known, changesSince(facts) ?? 0);
  const perWritten =
    incremental !== null && incremental.written > 0 ? perRow(incremental) : perRow(facts.full);
  const written = Math.min(changed, writtenShare(incremental) * changed);
  const contents = contentsOf(facts, written, known);
  const least = SCHEMA_REQUESTS + 1;
  return {
    records: { expected: Math.round(changed), least: 0, most: known },
    requests: {
      expected:
        SCHEMA_REQUESTS +
        pagesOf(changed, batchSize) +
        Math.round(written * perWritten) +
        (contents?.expected ?? 0),
      least,
      most: Math.max(least, whole.requests.most ?? 0),
    },
    contents,
    basis:
      incremental === null
        ? 'no incremental scan yet: one page, and more as more was edited'
        : `as many edits as in the last ${incremental.runs} incremental scans`,
  };
}

/** Edits expected since the watermark; null: no incremental scan says how many come. */
function changesSince({ incremental, watermark_age_seconds }: CostFacts): number | null {
  if (incremental === null || incremental.seconds <= 0) return null;
  return (incremental.read / incremental.seconds) * (watermark_age_seconds ?? 0);
}

/** Of the records that an incremental scan reads, those that differ: it reads some minutes twice. */
const writtenShare = (facts: IncrementalFacts | null): number =>
  facts === null || facts.read === 0 ? 1 : Math.min(1, facts.written / facts.read);

type Counted = Pick<
  FullScanFacts,
  'requests' | 'pages' | 'contents' | 'rate_limited' | 'written'
> & {
  readonly batches?: number;
  readonly runs?: number;
};

/** Requests for each row that was written which were neither schema nor pages nor contents: values cut short. */
function perRow(facts: Counted | null): number {
  if (facts === null || facts.written === 0) return 0;
  const { requests, pages, contents, rate_limited, batches = 1, runs = 1, written } = facts;
  const besides = requests - runs * schemaRequests(batches) - pages - contents - rate_limited;
  return Math.max(0, besides) / written;
}

/** What waits now, and what changes. A full scan may read a tenth of the oldest again, a hundred at least. */
function contentsOf({ unread }: CostFacts, changed: number, records: number): Estimate | null {
  if (unread === null) return null;
  return {
    expected: Math.min(Math.max(records, unread), unread + Math.round(changed)),
    least: unread,
    most: Math.max(records, unread),
  };
}
