import type { Database } from '../store/database.ts';
import {
  forgetWorker,
  reportWorker,
  type DatabasePool,
  type RequestPool,
  type WorkerReport,
} from '../store/worker-reports.ts';
import { within } from './within.ts';

const EVERY_MS = 10_000;
/** Ending must not wait for a Postgres that is away. */
const LAST_WORD_MS = 500;

/** Counts what a pool does from now on. */
export function watchPool(pool: Database): () => DatabasePool {
  let taken = 0;
  let opened = 0;
  pool.on('acquire', () => (taken += 1));
  pool.on('connect', () => (opened += 1));
  return () => ({
    most: pool.options.max,
    open: pool.totalCount,
    busy: pool.totalCount - pool.idleCount,
    idle: pool.idleCount,
    waiting: pool.waitingCount,
    taken,
    reused: Math.max(0, taken - opened),
  });
}

/**
 * Writes a row about this worker now and every 10 s until `stop`, which removes it. While Postgres is away nothing is
 * written and nothing else happens.
 */
export function startReporting(
  db: Database,
  worker: Omit<WorkerReport, 'pools'>,
  look: {
    readonly postgres: () => DatabasePool;
    readonly http: () => readonly RequestPool[];
  },
): { stop(): Promise<void> } {
  let writing: Promise<void> | null = null;
  const report = () => {
    // One at a time: a Postgres that hangs is not asked again until it has answered.
    writing ??= reportWorker(db, {
      ...worker,
      pools: { postgres: look.postgres(), http: look.http() },
    })
      .catch(() => {})
      .finally(() => (writing = null));
  };
  report();
  const timer = setInterval(report, EVERY_MS).unref();
  return {
    stop: async () => {
      clearInterval(timer);
      const end = (writing ?? Promise.resolve()).then(() => forgetWorker(db, worker.id));
      await within(LAST_WORD_MS, 'Postgres', end).catch(() => {});
    },
  };
}
