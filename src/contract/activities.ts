import type { RunControl } from './control.ts';
import type { SyncMetrics } from './metrics.ts';
import type { SyncOptions } from './options.ts';
import type { Evidence, ScanIdentity, ScanMode, ScanWindow } from './scan.ts';
import type { RunStatus, SourceError, SourceStatus } from './summary.ts';
import type { Filters, Target } from './target.ts';
import type { Outcome } from './verdict.ts';

/** A source as workflows know it: ids only, everything else is read where it is used. */
export interface SourceKey {
  readonly source_id: number;
  readonly alias: string;
}

/** A source that a run is about. */
export interface ResolvedSource extends SourceKey {
  /** Name of its account; absent in runs that began under an earlier version. */
  readonly account?: string;
  /** What it shares with other sources: one rate, in requests per second. Absent, too. */
  readonly budget?: { readonly key: string; readonly rate: number };
}

export interface ResolveSourcesInput {
  readonly run_id: string;
  readonly target: Target;
  readonly filters: Filters;
}
export interface ResolvedSources {
  readonly platforms: readonly {
    readonly platform: string;
    readonly sources: readonly ResolvedSource[];
  }[];
}

export interface RecordScheduledInput {
  readonly run_id: string;
  readonly workflow_id: string;
  readonly schedule: string;
  readonly target: Target;
  readonly filters: Filters;
  readonly options: SyncOptions;
}

export interface RecordedScheduled {
  /** Sources that are due; the run is recorded when there are any. */
  readonly due: number;
}

export interface OpenSourceInput extends SourceKey {
  readonly run_id: string;
  readonly platform: string;
  readonly options: SyncOptions;
  /** A scan that cannot go on and is given up: its checkpoint is removed, a new scan begins. */
  readonly give_up_scan: string | null;
  /**
   * When the workflow began, from one that takes more for an answer than an open source: the first batch, or the end.
   * Absent from workflows of an earlier version, and where a scan was given up: the end needs what that one counted.
   */
  readonly started_at?: string;
}
/** A source that is open: its fence is ours, its table fits its schema, its scan is chosen. */
export interface OpenedSource {
  readonly fence: number;
  readonly scan: ScanIdentity;
  readonly windows: readonly ScanWindow[];
  /** Why this scan: 'first sync', 'incremental since …', 'resumed at batch 12', … */
  readonly reason: string;
  /** Estimated number of records, when a former full scan tells it. */
  readonly expected: number | null;
  readonly metrics: SyncMetrics;
  /** Values still cut short from an earlier, interrupted run. */
  readonly truncated_values: number;
  /** Records whose place is not known for certain, from earlier runs. */
  readonly unsettled: number;
  /** Contents still to be read, from an earlier run or because the catalog wants them now. */
  readonly unread_contents: number;
}

/** An open source and the first batch of its scan, staged as fetchBatch does it. */
export interface OpenedWithBatch extends OpenedSource {
  /** null, or absent in answers of an earlier version: fetchBatch is to read it. */
  readonly first?: StagedBatch | null;
  /** So long the platform wants to be left alone before that: it named a time when it failed. */
  readonly wait_ms?: number;
  /** Why it cannot be read however often it is asked for: what fetchBatch would fail with. */
  readonly failure?: SourceError;
}
/** A source in which nothing was left to do once it was open: how it ended, recorded as closeSource does it. */
export interface EndedAtOnce {
  readonly closed: ClosedSource;
}

/** What every activity of an open source needs to know. */
export interface OpenSourceRef extends SourceKey {
  readonly run_id: string;
  readonly platform: string;
  readonly fence: number;
  readonly scan: ScanIdentity;
  readonly options: SyncOptions;
}

export interface FetchBatchInput {
  readonly source: OpenSourceRef;
  readonly window: ScanWindow;
  /** Number of the first window that the batch may open. */
  readonly free_window: number;
}
/** Names one attempt's rows in staging, so that a zombie's rows are never merged. */
export interface BatchKey {
  readonly window: number;
  readonly batch: number;
  readonly attempt: string;
  readonly rows: number;
}
export interface StagedBatch extends BatchKey {
  /** The window after this batch, and any that it opened. Committed with the batch. */
  readonly windows: readonly ScanWindow[];
  readonly evidence: Evidence;
  readonly metrics: SyncMetrics;
}

/** Batches to merge in one transaction: one when streaming, all of the scan's otherwise. */
export interface UpsertBatchInput {
  readonly source: OpenSourceRef;
  readonly batches: readonly BatchKey[];
  /** Where the scan stands once they are merged. */
  readonly windows: readonly ScanWindow[];
  readonly evidence: Evidence;
  /** What fetching them counted; stored with them. */
  readonly metrics: SyncMetrics;
}
export interface UpsertedBatch {
  /** What fetching and merging counted together. */
  readonly metrics: SyncMetrics;
  /** Values that the merged rows still lack, over the whole source. */
  readonly truncated_values: number;
  /** Contents that the merged rows still lack, over the whole source. */
  readonly unread_contents: number;
}

export interface CompleteRecordsInput {
  readonly source: OpenSourceRef;
}
export interface CompletedRecords {
  readonly metrics: SyncMetrics;
  readonly remaining: number;
}

export interface SweepDeletedInput {
  readonly source: OpenSourceRef;
}
export interface SweptRecords {
  readonly metrics: SyncMetrics;
  /** Records that the platform is still to be asked about; 0: the sweep is over. */
  readonly remaining: number;
  /** Values and contents that rows written by the sweep still lack. */
  readonly truncated_values: number;
  readonly unread_contents: number;
}

export interface ReadContentsInput {
  readonly source: OpenSourceRef;
}
export interface ReadContents {
  readonly metrics: SyncMetrics;
  readonly remaining: number;
}

export interface CloseSourceInput extends SourceKey {
  readonly run_id: string;
  readonly platform: string;
  readonly workflow_id: string;
  readonly options: SyncOptions;
  /** Absent when the source could not be opened. */
  readonly fence: number | null;
  /** Set when its turn never came: then it is recorded unless another run is at it. */
  readonly never_began?: true;
  readonly scan: ScanIdentity | null;
  readonly status: SourceStatus;
  readonly evidence: Evidence;
  readonly metrics: SyncMetrics;
  readonly started_at: string;
  readonly error: SourceError | null;
}
/** The verdict that was recorded: `complete` becomes `incomplete` when the evidence is not whole. */
export interface ClosedSource {
  readonly status: SourceStatus;
  readonly mode: ScanMode | null;
  readonly certified: boolean;
  readonly metrics: SyncMetrics;
  readonly error: SourceError | null;
}

export interface RecordSkippedInput extends SourceKey {
  readonly run_id: string;
  readonly platform: string;
  readonly workflow_id: string;
}
export interface RecordPlatformInput {
  readonly run_id: string;
  readonly platform: string;
  readonly workflow_id: string;
  readonly status: RunStatus;
  readonly outcome: Outcome;
  readonly started_at: string;
}
export interface RecordRunInput {
  readonly run_id: string;
  readonly status: RunStatus;
  readonly outcome: Outcome;
  readonly error: SourceError | null;
}

export interface RecordControlInput {
  readonly run_id: string;
  readonly control: RunControl;
}

/** Every activity, one file each in src/activities. All of them may run twice; see each file for how. */
export interface SyncActivities {
  resolveSources(input: ResolveSourcesInput): Promise<ResolvedSources>;
  openSource(input: OpenSourceInput): Promise<OpenedWithBatch | EndedAtOnce>;
  fetchBatch(input: FetchBatchInput): Promise<StagedBatch>;
  upsertBatch(input: UpsertBatchInput): Promise<UpsertedBatch>;
  completeRecords(input: CompleteRecordsInput): Promise<CompletedRecords>;
  sweepDeleted(input: SweepDeletedInput): Promise<SweptRecords>;
  readContents(input: ReadContentsInput): Promise<ReadContents>;
  closeSource(input: CloseSourceInput): Promise<ClosedSource>;
  recordSkipped(input: RecordSkippedInput): Promise<ClosedSource>;
  recordControl(input: RecordControlInput): Promise<void>;
  recordPlatform(input: RecordPlatformInput): Promise<void>;
  recordRun(input: RecordRunInput): Promise<void>;
  recordScheduled(input: RecordScheduledInput): Promise<RecordedScheduled>;
}
