import type { ComparisonChoice, ComparisonMode, DriftKind, DriftTally } from './reconciliation.ts';
import type { RunStatus, SourceError, SourceStatus } from './summary.ts';

/** One record that differs; `columns` names the cells that do. */
export interface DriftedRecord {
  readonly record_id: string;
  readonly kind: DriftKind;
  readonly columns: readonly string[];
}

export interface ComparisonSummary extends DriftTally {
  readonly alias: string;
  readonly platform: string;
  readonly table: string;
  readonly status: SourceStatus | 'running';
  readonly mode: ComparisonMode | null;
  readonly requests: number;
  readonly expected_requests: number | null;
  readonly duration_ms: number;
  /** A thousand of each kind at most; the counts are exact. */
  readonly drift: readonly DriftedRecord[];
  readonly error?: SourceError;
}

/** The result of one reconciliation: `--json` prints it, with what became of healing. */
export interface ReconcileSummary {
  readonly run_id: string;
  readonly workflow_id: string;
  readonly target: string;
  readonly choice: ComparisonChoice;
  readonly status: RunStatus | 'running';
  readonly started_at: string;
  readonly finished_at: string;
  readonly totals: DriftTally & {
    readonly sources: number;
    /** missing, surplus, changed and altered together. */
    readonly drift: number;
    readonly requests: number;
  };
  readonly sources: readonly ComparisonSummary[];
  readonly error?: SourceError;
}
