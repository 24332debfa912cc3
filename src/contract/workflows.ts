import type { BatchKey, OpenedSource, ResolvedSource, SourceKey } from './activities.ts';
import type { RunControl, SourceControl } from './control.ts';
import type { SyncMetrics } from './metrics.ts';
import type { SyncOptions } from './options.ts';
import type { Evidence, ScanWindow } from './scan.ts';
import type { RunStatus, SourceError } from './summary.ts';
import type { Filters, Target } from './target.ts';
import type { Outcome } from './verdict.ts';

export interface SyncRunInput {
  readonly run_id: string;
  readonly installation: string;
  readonly target: Target;
  readonly filters: Filters;
  readonly options: SyncOptions;
}

/** What a schedule starts at each of its times. */
export interface ScheduledRunInput {
  /** Name of the schedule. */
  readonly schedule: string;
  readonly installation: string;
  readonly target: Target;
  readonly filters: Filters;
  readonly options: SyncOptions;
  /** When, as the person wrote it. */
  readonly timing: ScheduleTiming;
}

/** Spaced by a duration such as `15m`, or at the times of a cron expression of five fields. */
export type ScheduleTiming =
  | { readonly kind: 'every'; readonly every: string }
  | { readonly kind: 'cron'; readonly cron: string };

export interface ScheduledRunResult {
  /** null: nothing was due, so there is no run. */
  readonly run_id: string | null;
  readonly due: number;
}

/** Totals and the first failures; the outcome of each source is a row in Postgres. */
export interface SyncRunResult {
  readonly run_id: string;
  readonly status: RunStatus;
  readonly outcome: Outcome;
  readonly error: SourceError | null;
}

export interface SyncPlatformInput {
  readonly run_id: string;
  readonly installation: string;
  readonly platform: string;
  readonly sources: readonly ResolvedSource[];
  readonly options: SyncOptions;
  /** How the run was steered before this workflow began; absent: not at all. */
  readonly control?: RunControl;
}

export interface SyncSourceInput extends SourceKey {
  readonly run_id: string;
  readonly platform: string;
  readonly options: SyncOptions;
  /** Where the scan stands; null at first, set when the workflow continues as new. */
  readonly carried: ScanState | null;
  /** How the source was steered before this run of the workflow; absent: not at all. */
  readonly control?: SourceControl;
}

/** A scan at work. It travels over continue-as-new, so it holds positions and counts only. */
export interface ScanState {
  readonly opened: OpenedSource;
  readonly started_at: string;
  /** Windows that are not done. */
  readonly windows: readonly ScanWindow[];
  /** Number of the first window that a batch may open. */
  readonly free_window: number;
  /** Staged and not merged: only without streaming, where all is published at the end. */
  readonly unpublished: readonly BatchKey[];
  /** Windows that were read to their end and are not recorded: as above. */
  readonly walked: readonly ScanWindow[];
  readonly evidence: Evidence;
  /** What is merged and recorded. */
  readonly metrics: SyncMetrics;
  /** What fetching the unpublished batches counted. */
  readonly pending: SyncMetrics;
  readonly truncated_values: number;
  /** Whether it has yet to be found out what became of records that were not seen. */
  readonly to_sweep: boolean;
  readonly unread_contents: number;
  /** How often staged rows were lost since the last merged batch. */
  readonly setbacks: number;
  /** How often the whole scan had to begin anew. */
  readonly scans_given_up: number;
}
