/**
 * What a sync counts. This table is the one place where a metric is defined: whatever stands here is
 * summed from batches to sources, platforms and runs, stored in Postgres, returned in the workflow
 * result and shown by the CLI. To add a custom metric, add a row and count it in one activity.
 */
export const SYNC_METRICS = {
  read: { unit: 'records', label: 'distinct records read from the platform' },
  inserted: { unit: 'records', label: 'rows that were new' },
  updated: { unit: 'records', label: 'rows whose content changed' },
  unchanged: { unit: 'records', label: 'rows left untouched' },
  deleted: { unit: 'records', label: 'rows marked as deleted' },
  quarantined: { unit: 'records', label: 'records that could not be written' },
  completed: { unit: 'values', label: 'values cut short by a list and read whole' },
  contents: { unit: 'records', label: 'contents of records read' },
  batches: { unit: 'batches', label: 'batches merged' },
  requests: { unit: 'requests', label: 'HTTP requests to the platform' },
  rate_limited: { unit: 'requests', label: 'requests answered with 429' },
  retries: { unit: 'attempts', label: 'activity attempts after the first' },
  waited_ms: { unit: 'ms', label: 'time spent waiting for the rate budget' },
  bytes: { unit: 'bytes', label: 'JSON bytes of the records read' },
  fetch_ms: { unit: 'ms', label: 'time spent in fetch activities' },
  merge_ms: { unit: 'ms', label: 'time spent in merge activities' },
} as const;

export type SyncMetric = keyof typeof SYNC_METRICS;

/** One number per metric; all of them add up. */
export type SyncMetrics = { readonly [M in SyncMetric]: number };

export const METRIC_NAMES = Object.keys(SYNC_METRICS) as readonly SyncMetric[];

/** All zeros, with the given counts set. */
export function syncMetrics(counts: Partial<SyncMetrics> = {}): SyncMetrics {
  const metrics = {} as Record<SyncMetric, number>;
  for (const name of METRIC_NAMES) metrics[name] = counts[name] ?? 0;
  return metrics;
}

/** The sum of two sets of counts; a metric that one side does not know (an older run) counts 0. */
export function addMetrics(a: Partial<SyncMetrics>, b: Partial<SyncMetrics>): SyncMetrics {
  const sum = {} as Record<SyncMetric, number>;
  for (const name of METRIC_NAMES) sum[name] = (a[name] ?? 0) + (b[name] ?? 0);
  return sum;
}
