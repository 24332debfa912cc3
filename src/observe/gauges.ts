import type { ObservedState } from '../store/observed-state.ts';
import type { Family, Sample } from './families.ts';

/** One key of the rate budget as of now. */
export interface ObservedBudget {
  readonly key: string;
  readonly account: string;
  readonly rate: number;
  readonly free: number;
  readonly waiting: number;
  readonly blocked_until: Date | null;
}

const gauge = (name: string, help: string, samples: readonly Sample[]): Family => ({
  name: `appsync_${name}`,
  help,
  type: 'gauge',
  samples,
});

/** What Postgres says of all workers together: every worker gives the same, so take the maximum, not the sum. */
export function stateGauges({ staging_rows, running, failing }: ObservedState): readonly Family[] {
  return [
    gauge('staging_rows', 'rows fetched and not merged yet (estimate)', [
      { labels: {}, value: staging_rows },
    ]),
    gauge(
      'running_sources',
      'sources that are being synced',
      running.map(({ sources, ...labels }) => ({ labels, value: sources })),
    ),
    gauge(
      'failing_sources',
      'sources whose last attempts saw less than everything',
      running.map(({ platform, account }) => ({
        labels: { platform, account },
        value: failing.filter((one) => one.platform === platform && one.account === account).length,
      })),
    ),
  ];
}

/** The rate budget by account and key; a key is a platform with a fingerprint, never a token. */
export function budgetGauges(budgets: readonly ObservedBudget[]): readonly Family[] {
  const each = (value: (budget: ObservedBudget) => number) =>
    budgets.map((budget): Sample => {
      const { account, key } = budget;
      return { labels: { account, key }, value: value(budget) };
    });
  return [
    gauge(
      'budget_rate',
      'requests per second in force',
      each((b) => b.rate),
    ),
    gauge(
      'budget_left',
      'requests left in the window of now',
      each((b) => b.free),
    ),
    gauge(
      'budget_waiting',
      'requests that wait for their time',
      each((b) => b.waiting),
    ),
    gauge(
      'budget_blocked_until_timestamp_seconds',
      'until when the platform refuses requests; 0: it does not',
      each((b) => (b.blocked_until === null ? 0 : b.blocked_until.getTime() / 1000)),
    ),
  ];
}

/** The conventional gauges of a process. */
export function processGauges(startedAt: number): readonly Family[] {
  const { user, system } = process.cpuUsage();
  const one = (name: string, help: string, type: 'counter' | 'gauge', value: number): Family => ({
    name: `process_${name}`,
    help,
    type,
    samples: [{ labels: {}, value }],
  });
  return [
    one('cpu_seconds_total', 'processor time used', 'counter', (user + system) / 1_000_000),
    one('resident_memory_bytes', 'memory in use', 'gauge', process.memoryUsage.rss()),
    one('start_time_seconds', 'when the process started', 'gauge', startedAt / 1000),
  ];
}
