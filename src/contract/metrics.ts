/**
 * What a sync counts. This table is the one place where a metric is defined: whatever stands here is
 * summed from batches to sources, platforms and runs, stored in Postgres and exported. What only one
 * platform counts needs no row here: see CustomCounts.
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

/**
 * What a platform counts besides, by a name of its own: whatever is counted anywhere is summed, stored, returned in
 * summaries, shown by `stats` and on the page, and exported as `appsync_custom_total`.
 */
export type CustomCounts = Readonly<Record<string, number>>;

/** One number per metric; all of them add up. */
export type SyncMetrics = { readonly [M in SyncMetric]: number } & {
  readonly custom?: CustomCounts;
};

export const METRIC_NAMES = Object.keys(SYNC_METRICS) as readonly SyncMetric[];

/** All zeros, with the given counts set. */
export const syncMetrics = (counts: Partial<SyncMetrics> = {}): SyncMetrics =>
  addMetrics(counts, {});

/** The sum of two sets of counts; a metric that one side does not know (an older run) counts 0. */
export function addMetrics(a: Partial<SyncMetrics>, b: Partial<SyncMetrics>): SyncMetrics {
  const sum = {} as Record<SyncMetric, number>;
  for (const name of METRIC_NAMES) sum[name] = (a[name] ?? 0) + (b[name] ?? 0);
  const custom = addCustom(a.custom, b.custom);
  return custom === undefined ? sum : { ...sum, custom };
}

function addCustom(a: CustomCounts | undefined, b: CustomCounts | undefined) {
  if (a === undefined || b === undefined) return a ?? b;
  const sum: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

const CUSTOM_NAME = /^[a-z][a-z0-9_]{0,39}$/;
const MOST_CUSTOM = 20;

/** Why these cannot be counts; null when they can. They end up as labels and keys, so they are few and plain. */
export function customCountsProblem(counts: CustomCounts): string | null {
  const names = Object.keys(counts);
  if (names.length > MOST_CUSTOM) return `more than ${MOST_CUSTOM} counts of its own`;
  const wrong = names.find((name) => !CUSTOM_NAME.test(name));
  if (wrong !== undefined) return `a count named ${JSON.stringify(wrong.slice(0, 40))}`;
  const infinite = names.find((name) => !Number.isFinite(counts[name]) || (counts[name] ?? 0) < 0);
  return infinite === undefined ? null : `a count ${infinite} that is no number from 0 on`;
}
