import type { CustomCounts, SyncMetrics } from './metrics.ts';
import type { ScanMode } from './scan.ts';
import type { SchemaChange } from './schema-change.ts';

export type SourceStatus = 'complete' | 'incomplete' | 'failed' | 'skipped' | 'cancelled';
export type RunStatus = 'complete' | 'partial' | 'failed' | 'cancelled';

/** What went wrong with a source, for people: no token, no record content. */
export interface SourceError {
  readonly type: string;
  readonly message: string;
  readonly hint?: string;
  /** Until when nothing is asked of the platform, to the minute: a used-up plan, a long block. */
  readonly blocked_until?: string;
}

/** The counts that every summary shows; the rest of SyncMetrics is in Postgres. */
export type Totals = Pick<
  SyncMetrics,
  | 'read'
  | 'inserted'
  | 'updated'
  | 'unchanged'
  | 'deleted'
  | 'quarantined'
  | 'requests'
  | 'rate_limited'
  | 'retries'
  | 'waited_ms'
  | 'custom'
> & { readonly sources: number };

export interface SourceSummary {
  readonly alias: string;
  readonly platform: string;
  readonly external_id: string;
  readonly workflow_id: string;
  readonly status: SourceStatus;
  readonly mode: ScanMode | null;
  readonly table: string;
  readonly certified: boolean;
  readonly read: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly quarantined: number;
  readonly batches: number;
  readonly requests: number;
  readonly rate_limited: number;
  readonly waited_ms: number;
  readonly duration_ms: number;
  /** What the platform counts besides; absent when nothing. */
  readonly custom?: CustomCounts;
  readonly error?: SourceError;
  /** What was changed in its table; absent when nothing was. */
  readonly schema_changes?: readonly SchemaChange[];
  /** What people should know once, and what does no harm: property types that are not known yet. */
  readonly notices?: readonly string[];
}

export interface PlatformSummary {
  readonly platform: string;
  readonly workflow_id: string;
  readonly status: RunStatus;
  readonly totals: Totals;
}

/** The result of one run: `--json` prints exactly this. */
export interface RunSummary {
  readonly run_id: string;
  readonly workflow_id: string;
  readonly target: string;
  readonly status: RunStatus;
  readonly started_at: string;
  readonly finished_at: string;
  /** Of a run that is not finished and pauses: since when. */
  readonly paused_since?: string;
  readonly totals: Totals;
  readonly platforms: readonly PlatformSummary[];
  readonly sources: readonly SourceSummary[];
}
