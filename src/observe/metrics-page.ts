import { renderFamilies, type Family } from './families.ts';
import { budgetGauges, processGauges, stateGauges, type ObservedBudget } from './gauges.ts';
import type { ObservedState } from '../store/observed-state.ts';
import { within } from './within.ts';

/** What /metrics is made of. Each source may fail on its own; the others are shown all the same. */
export interface MetricSources {
  readonly counters: { families(): readonly Family[] };
  readonly state: () => Promise<ObservedState>;
  readonly budgets: () => Promise<readonly ObservedBudget[]>;
  /** Temporal's own metrics, in the same format; null: none are kept. */
  readonly sdk: (() => Promise<string>) | null;
  readonly startedAt: number;
}

const ANSWER_MS = 2_000;

/** One page in the text format of Prometheus: ours, the process's and the Temporal SDK's. */
export async function metricsPage(sources: MetricSources): Promise<string> {
  const { counters, state, budgets, sdk, startedAt } = sources;
  const [database, temporal] = await Promise.all([
    within(ANSWER_MS, 'Postgres', Promise.all([state(), budgets()])).then(
      ([now, keys]) => [...stateGauges(now), ...budgetGauges(keys)],
      () => null,
    ),
    sdk === null ? '' : within(ANSWER_MS, 'the SDK', sdk()).catch(() => null),
  ]);
  const ours = renderFamilies([
    ...counters.families(),
    ...(database ?? []),
    isUp('database_up', 'whether Postgres answered for this page', database !== null),
    isUp('sdk_metrics_up', 'whether the Temporal SDK gave its metrics', temporal !== null),
    ...processGauges(startedAt),
  ]);
  return ours + (temporal ?? '');
}

const isUp = (name: string, help: string, up: boolean): Family => ({
  name: `appsync_${name}`,
  help,
  type: 'gauge',
  samples: [{ labels: {}, value: up ? 1 : 0 }],
});
