import type { ResolvedSources, SourceKey } from './activities.ts';
import type { SyncMetrics } from './metrics.ts';
import type { SyncOptions } from './options.ts';
import type { Evidence, ScanWindow } from './scan.ts';
import type { RunStatus, SourceError, SourceStatus } from './summary.ts';
import type { Filters, Target } from './target.ts';
import type { Outcome } from './verdict.ts';

/** How a table can differ from its source, with what that means for people. */
export const DRIFT_KINDS = {
  missing: 'on the platform, not in Postgres',
  surplus: 'in Postgres, not on the platform',
  changed: 'another content on the platform, which no time of edit tells',
  altered: 'the record is the same, but a cell was changed in Postgres',
} as const;
export type DriftKind = keyof typeof DRIFT_KINDS;
export const DRIFT_NAMES = Object.keys(DRIFT_KINDS) as readonly DriftKind[];

/** Of each kind so many records are kept by id for each source; counts are exact all the same. */
export const MOST_KEPT = 1_000;

/** What is compared. */
export type ComparisonChoice =
  /** Every record and every row. */
  | { readonly kind: 'full' }
  /** So many rows and so many records; the same seed chooses the same rows. */
  | { readonly kind: 'sample'; readonly size: number; readonly seed: string }
  /** What an earlier reconciliation found to differ. */
  | { readonly kind: 'again'; readonly of: string };

/** How a source was compared in the end: a second look at very many records is a full one. */
export type ComparisonMode = ComparisonChoice['kind'];

/** Records by what was found; `checked` is their sum. `behind` is no drift: the next sync brings it. */
export type DriftTally = { readonly [K in DriftKind | 'checked' | 'matching' | 'behind']: number };

export const NO_DRIFT: DriftTally = {
  checked: 0,
  matching: 0,
  behind: 0,
  missing: 0,
  surplus: 0,
  changed: 0,
  altered: 0,
};

export function addTally(a: DriftTally, b: DriftTally): DriftTally {
  return {
    checked: a.checked + b.checked,
    matching: a.matching + b.matching,
    behind: a.behind + b.behind,
    missing: a.missing + b.missing,
    surplus: a.surplus + b.surplus,
    changed: a.changed + b.changed,
    altered: a.altered + b.altered,
  };
}

/** How many records drifted. */
export const driftOf = (tally: DriftTally): number =>
  tally.missing + tally.surplus + tally.changed + tally.altered;

const PAGE = 100;

/**
 * Requests that comparing a source will take, one for its schema included; null when its size is not known.
 * `lookups` is how many records one request looks up.
 */
export function expectedRequests(
  choice: Exclude<ComparisonChoice, { kind: 'again' }>,
  source: { readonly records: number | null; readonly lookups: number },
): number | null {
  const { records, lookups } = source;
  const pages = (count: number) => Math.max(1, Math.ceil(count / PAGE));
  if (choice.kind === 'full') return records === null ? null : 1 + pages(records);
  const size = Math.min(choice.size, records ?? choice.size);
  return 1 + pages(size) + (lookups === 0 ? 0 : Math.ceil(size / lookups));
}

/** One source of a reconciliation. */
export interface ComparisonKey extends SourceKey {
  readonly run_id: string;
  readonly platform: string;
}

export interface OpenComparisonInput extends ComparisonKey {
  readonly workflow_id: string;
  readonly choice: ComparisonChoice;
  readonly options: SyncOptions;
  /** How often the listing had to begin anew. */
  readonly pass: number;
}
export interface OpenedComparison {
  readonly mode: ComparisonMode;
  /** Where the listing begins; none when only single records are looked up. */
  readonly windows: readonly ScanWindow[];
  /** How many records are listed; null: all. */
  readonly list_at_most: number | null;
  /** The next sync reads everything by itself, so what differs is no drift. */
  readonly schema_changed: boolean;
  /** Up to when the table was current when the comparison began. */
  readonly watermark: string | null;
  /** Questions to the platform about single records. */
  readonly to_ask: number;
  readonly metrics: SyncMetrics;
}

/** What every activity of an open comparison needs to know. */
export interface ComparisonRef extends ComparisonKey {
  readonly pass: number;
  readonly options: SyncOptions;
  readonly schema_changed: boolean;
  readonly watermark: string | null;
}

export interface CompareBatchInput {
  readonly comparison: ComparisonRef;
  readonly window: ScanWindow;
  readonly free_window: number;
  readonly max_records: number;
}
export interface ComparedBatch {
  readonly windows: readonly ScanWindow[];
  readonly records: number;
  readonly evidence: Evidence;
  readonly metrics: SyncMetrics;
  readonly to_ask: number;
}

export interface FindSurplusInput {
  readonly comparison: ComparisonRef;
  /** Batches and records that the listing had: as many must be recorded, or it proves nothing. */
  readonly batches: number;
  readonly records: number;
  readonly evidence: Evidence;
}
export interface FoundSurplus {
  /** What keeps the listing from proving that a row is surplus. */
  readonly gaps: readonly string[];
  readonly to_ask: number;
}

export interface AskPlatformInput {
  readonly comparison: ComparisonRef;
}
export interface AskedPlatform {
  readonly metrics: SyncMetrics;
  readonly to_ask: number;
}

export interface CloseComparisonInput extends ComparisonKey {
  readonly workflow_id: string;
  readonly pass: number;
  readonly status: SourceStatus;
  readonly gaps: readonly string[];
  readonly requests: number;
  readonly error: SourceError | null;
}
export interface ClosedComparison {
  readonly status: SourceStatus;
  readonly tally: DriftTally;
  readonly requests: number;
  readonly error: SourceError | null;
}

export interface RecordReconciliationInput {
  readonly run_id: string;
  readonly status: RunStatus;
  readonly error: SourceError | null;
}

/** Every activity of a reconciliation. None writes to a destination table. All of them may run twice. */
export interface ReconcileActivities {
  openComparison(input: OpenComparisonInput): Promise<OpenedComparison>;
  compareBatch(input: CompareBatchInput): Promise<ComparedBatch>;
  findSurplus(input: FindSurplusInput): Promise<FoundSurplus>;
  askPlatform(input: AskPlatformInput): Promise<AskedPlatform>;
  closeComparison(input: CloseComparisonInput): Promise<ClosedComparison>;
  recordReconciliation(input: RecordReconciliationInput): Promise<void>;
}

export interface ReconcileRunInput {
  readonly run_id: string;
  readonly installation: string;
  readonly target: Target;
  readonly filters: Filters;
  readonly options: SyncOptions;
  readonly choice: ComparisonChoice;
  /** Null at first; set when the workflow continues as new. */
  readonly carried: ReconcileState | null;
}
export interface ReconcileState {
  readonly queue: ResolvedSources['platforms'];
  readonly outcome: Outcome;
  readonly tally: DriftTally;
}
export interface ReconcileRunResult {
  readonly run_id: string;
  readonly status: RunStatus;
  readonly outcome: Outcome;
  readonly tally: DriftTally;
  readonly error: SourceError | null;
}

export interface ReconcileSourceInput extends ComparisonKey {
  readonly options: SyncOptions;
  readonly choice: ComparisonChoice;
  readonly carried: ComparisonState | null;
}
/** A comparison at work: positions and counts only. */
export interface ComparisonState {
  readonly opened: OpenedComparison;
  readonly pass: number;
  readonly windows: readonly ScanWindow[];
  readonly free_window: number;
  readonly batches: number;
  readonly records: number;
  readonly evidence: Evidence;
  readonly metrics: SyncMetrics;
  readonly to_ask: number;
  /** Whether it has yet to be found out which rows the listing lacks. */
  readonly to_find_surplus: boolean;
  readonly gaps: readonly string[];
}
