import type { ListedSchedule } from '../../client/schedules.ts';
import type { BudgetStatus } from '../../platforms/rate-limit.ts';
import type {
  SourceFailure,
  RecentOutcomes,
  UnfinishedRun,
  WatchedSource,
} from '../../store/health.ts';

/** Whether something answered, and in which words it did not. */
export type Answer<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'silent'; readonly reason: string };

/** What Postgres knows. */
export interface StoredFacts {
  readonly outcomes: RecentOutcomes;
  readonly sources: readonly WatchedSource[];
  readonly failing: readonly SourceFailure[];
  readonly runs: readonly UnfinishedRun[];
  readonly budgets: readonly BudgetStatus[];
  /** Somebody else than a schedule asks for what is due. */
  readonly due_asked_for: boolean;
}

/** What Temporal knows. */
export interface TemporalFacts {
  /** Builds that ask for tasks. */
  readonly polling: number;
  readonly schedules: readonly ListedSchedule[];
  /** What became of workflows that are gone, by run. */
  readonly lost: ReadonlyMap<string, string>;
}

/** What an account's token can do and see. */
export type AccountFacts =
  | {
      readonly kind: 'refused';
      readonly account: string;
      readonly reason: string;
      readonly hint: string | null;
    }
  | {
      readonly kind: 'accepted';
      readonly account: string;
      readonly identity: string;
      /** Enabled sources of the catalog, and those of them that the token cannot reach. */
      readonly sources: number;
      readonly out_of_sight: readonly string[];
    };

/** Everything that health is judged by. */
export interface HealthFacts {
  readonly now: number;
  readonly hours: number;
  readonly postgres: Answer<StoredFacts>;
  /** Not asked for more than an answer while Postgres, which names the installation, is away. */
  readonly temporal: Answer<TemporalFacts | null>;
  /** Empty unless asked for. */
  readonly accounts: readonly AccountFacts[];
}
