import {
  addTally,
  driftOf,
  NO_DRIFT,
  type ComparisonChoice,
  type ComparisonMode,
  type DriftKind,
  type DriftTally,
} from './reconciliation.ts';
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

export type ReconcileTotals = DriftTally & {
  readonly sources: number;
  /** missing, surplus, changed and altered together. */
  readonly drift: number;
  readonly requests: number;
};

export function reconcileTotals(sources: readonly ComparisonSummary[]): ReconcileTotals {
  const tally = sources.reduce<DriftTally>((sum, source) => addTally(sum, source), NO_DRIFT);
  const requests = sources.reduce((sum, source) => sum + source.requests, 0);
  return { sources: sources.length, ...tally, drift: driftOf(tally), requests };
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
  readonly totals: ReconcileTotals;
  readonly sources: readonly ComparisonSummary[];
  readonly error?: SourceError;
}
