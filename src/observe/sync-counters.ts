import {
  METRIC_NAMES,
  SYNC_METRICS,
  type SyncMetric,
  type SyncMetrics,
} from '../contract/metrics.ts';
import { createCounter, createHistogram, type Counter, type Family } from './families.ts';

/** Whose work an attempt was; `none` where it belongs to no account or scan. */
export interface AttemptLabels {
  readonly platform: string;
  readonly account: string;
  readonly mode: string;
}

/** An attempt of an activity that is over. */
export interface EndedAttempt extends AttemptLabels {
  readonly activity: string;
  readonly seconds: number;
  /** What this attempt alone counted. */
  readonly metrics: SyncMetrics;
  /** `cancelled` also when the worker stops. */
  readonly outcome: 'done' | 'cancelled' | 'failed';
  /** Types of what failed in it: the failure that ended it, and those that another activity deals with. */
  readonly failures: readonly string[];
  /** Set when it was the attempt that ended a source. */
  readonly ended_source?: { readonly status: string; readonly mode: string } | undefined;
}

/** Is told what happens in this process. */
export interface SyncObserver {
  attemptEnded(attempt: EndedAttempt): void;
}

export interface SyncCounters extends SyncObserver {
  families(): readonly Family[];
}

/** From a batch of a few rows to one that a slow budget fills for its whole time slice of 45 s. */
const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/**
 * What this process did since it started: every row of contract/metrics.ts, failures by type, durations
 * and how sources ended. An activity that runs twice counts twice; exact counts are those of the run.
 */
export function createSyncCounters(): SyncCounters {
  const counters = new Map(METRIC_NAMES.map((metric) => [metric, counterOf(metric)]));
  const custom = createCounter('appsync_custom_total', 'what platforms count besides, by name');
  const failures = createCounter(
    'appsync_failures_total',
    'failures of activity attempts, and of first batches that openSource left to fetchBatch',
  );
  const sources = createCounter('appsync_source_runs_total', 'sources whose sync ended');
  const durations = createHistogram(
    'appsync_activity_duration_seconds',
    'how long attempts of activities took; fetchBatch and upsertBatch are the halves of a batch, openSource reads the first',
    SECONDS,
  );
  return {
    attemptEnded(attempt) {
      const { activity, outcome, platform, account, mode } = attempt;
      const source = { platform, account };
      durations.observe({ activity, platform, status: outcome }, attempt.seconds);
      for (const [metric, counter] of counters) {
        const amount = attempt.metrics[metric];
        if (amount === 0 || !counts(metric, outcome)) continue;
        counter.add({ ...source, mode }, inSeconds(metric) ? amount / 1000 : amount);
      }
      if (outcome === 'done') {
        for (const [name, amount] of Object.entries(attempt.metrics.custom ?? {}))
          custom.add({ ...source, mode, name }, amount);
      }
      for (const type of attempt.failures) failures.add({ ...source, type }, 1);
      if (attempt.ended_source !== undefined)
        sources.add({ ...source, ...attempt.ended_source }, 1);
    },
    families: () => [
      ...[...counters.values()].map((counter) => counter.family()),
      custom.family(),
      failures.family(),
      sources.family(),
      durations.family(),
    ],
  };
}

const COSTS: ReadonlySet<string> = new Set(['requests', 'attempts', 'ms']);

/** What a failed attempt cost was spent; records that it read or wrote are counted by the one that succeeds. */
const counts = (metric: SyncMetric, outcome: EndedAttempt['outcome']) =>
  outcome === 'done' || COSTS.has(SYNC_METRICS[metric].unit);

const inSeconds = (metric: SyncMetric) => SYNC_METRICS[metric].unit === 'ms';

/** Units that stand before what is counted: `records_inserted`, but `batches` and `bytes`. */
const LEADING_UNITS: ReadonlySet<string> = new Set(['records', 'values', 'requests']);

function counterOf(metric: SyncMetric): Counter {
  const { unit, label } = SYNC_METRICS[metric];
  const lead = LEADING_UNITS.has(unit) && unit !== metric ? `${unit}_` : '';
  const name = inSeconds(metric) ? metric.replace(/_ms$/, '_seconds') : `${lead}${metric}`;
  return createCounter(`appsync_${name}_total`, label);
}
