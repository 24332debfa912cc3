import { Context, cancellationSignal, heartbeat } from '@temporalio/activity';
import { addMetrics, syncMetrics, type SyncMetrics } from '../contract/metrics.ts';
import { inTransaction, type Database, type Transaction } from '../store/database.ts';
import { countInAttempt } from './observed-attempt.ts';

/** Well below the heartbeat time-out of 10 s, so that a few late beats do no harm. */
const HEARTBEAT_MS = 2_000;

/** What an attempt reports while it works; the next attempt of the same activity begins with it. */
interface Beat {
  readonly metrics: SyncMetrics;
  readonly waiting_until: string | null;
}

/** Counts of the activity at hand: what its failed attempts counted, and what this one does. */
export interface Meter {
  count(metrics: Partial<SyncMetrics>): void;
  waitUntil(until: Date | null): void;
  total(): SyncMetrics;
  /** What was counted since it was last asked: the parts of an activity that are recorded apart. */
  lap(): SyncMetrics;
}

/**
 * Runs an activity's work while heartbeating on a timer, so that waiting for the budget or for a slow
 * answer never looks like a dead worker. Requests of attempts that failed stay counted: their last
 * heartbeat is handed to the next attempt by Temporal.
 */
export async function withHeartbeat<T>(work: (meter: Meter) => Promise<T>): Promise<T> {
  const { info } = Context.current();
  const before = (info.heartbeatDetails as Beat | undefined)?.metrics ?? {};
  let metrics = syncMetrics({ retries: info.attempt - 1 });
  const counted = { ...before, retries: 0 };
  let lap = addMetrics(counted, metrics);
  let waitingUntil: string | null = null;
  countInAttempt({ retries: info.attempt > 1 ? 1 : 0 });
  const beat = () =>
    heartbeat({
      metrics: addMetrics(counted, metrics),
      waiting_until: waitingUntil,
    } satisfies Beat);
  const timer = setInterval(beat, HEARTBEAT_MS);
  try {
    return await work({
      count: (more) => {
        metrics = addMetrics(metrics, more);
        lap = addMetrics(lap, more);
        countInAttempt(more);
      },
      waitUntil: (until) => {
        waitingUntil = until?.toISOString() ?? null;
      },
      total: () => addMetrics(counted, metrics),
      lap: () => {
        const counts = lap;
        lap = syncMetrics();
        return counts;
      },
    });
  } catch (error) {
    beat();
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** A transaction of the activity at hand, which ends with it: a cancelled one does not wait for a long merge or a lock. */
export const inActivityTransaction = <T>(
  db: Database,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> => inTransaction(db, work, cancellationSignal());
