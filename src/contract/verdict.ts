import { addMetrics, syncMetrics, type SyncMetrics } from './metrics.ts';
import type { RunStatus, SourceError, SourceStatus, Totals } from './summary.ts';

/** How many sources ended in each way, and what they counted together. Adds up over platforms. */
export interface Outcome {
  readonly statuses: { readonly [S in SourceStatus]: number };
  /** Failed sources whose cause was their credentials. */
  readonly unauthorized: number;
  readonly metrics: SyncMetrics;
  /** The first failures, for the workflow's result; all of them are rows in Postgres. */
  readonly failures: readonly { readonly alias: string; readonly error: SourceError }[];
}

const MAX_FAILURES = 20;

export function emptyOutcome(): Outcome {
  return {
    statuses: { complete: 0, incomplete: 0, failed: 0, skipped: 0, cancelled: 0 },
    unauthorized: 0,
    metrics: syncMetrics(),
    failures: [],
  };
}

export function addOutcome(a: Outcome, b: Outcome): Outcome {
  const statuses = { ...a.statuses };
  for (const status of Object.keys(b.statuses) as SourceStatus[]) {
    statuses[status] += b.statuses[status];
  }
  return {
    statuses,
    unauthorized: a.unauthorized + b.unauthorized,
    metrics: addMetrics(a.metrics, b.metrics),
    failures: [...a.failures, ...b.failures].slice(0, MAX_FAILURES),
  };
}

export function countSources(outcome: Outcome): number {
  return Object.values(outcome.statuses).reduce((sum, count) => sum + count, 0);
}

/**
 * The run's verdict from its sources': complete only when every source is, failed only when none is
 * complete and at least one failed; nothing matched is complete (the target was checked before). A source
 * that somebody cancelled by itself leaves the run partial.
 */
export function runStatus(outcome: Outcome): RunStatus {
  const { complete, failed, cancelled } = outcome.statuses;
  const sources = countSources(outcome);
  if (complete === sources) return 'complete';
  if (cancelled === sources) return 'cancelled';
  return complete === 0 && failed > 0 ? 'failed' : 'partial';
}

/** Exit code of a finished run: 0 complete, 3 partial, 1 failed (4 when all failed for credentials), 130. */
export function runExitCode(
  status: RunStatus,
  outcome: Pick<Outcome, 'statuses' | 'unauthorized'>,
) {
  if (status === 'complete') return 0;
  if (status === 'partial') return 3;
  if (status === 'cancelled') return 130;
  const { failed } = outcome.statuses;
  return failed > 0 && outcome.unauthorized === failed ? 4 : 1;
}

export function totalsOf(outcome: Outcome): Totals {
  const m = outcome.metrics;
  return {
    sources: countSources(outcome),
    read: m.read,
    inserted: m.inserted,
    updated: m.updated,
    unchanged: m.unchanged,
    deleted: m.deleted,
    quarantined: m.quarantined,
    requests: m.requests,
    rate_limited: m.rate_limited,
    retries: m.retries,
    waited_ms: m.waited_ms,
    ...(m.custom === undefined ? {} : { custom: m.custom }),
  };
}
