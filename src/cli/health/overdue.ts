import { nextTime } from '../../catalog/due.ts';
import type { WatchedSource } from '../../store/health.ts';

/**
 * Since when a source is overdue; null: it is not. With a schedule: its due time, jitter included, passed by more
 * than its interval.
 * Without one: the newest run of everything began after its latest whole sync. One that is at work is not.
 */
export function overdueSince(source: WatchedSource, now: number): string | null {
  if (source.at_work) return null;
  if (source.every_seconds === null && source.cron === null) return leftBehindSince(source);
  if (source.next_due_at === null) return null;
  const next = nextTime(source, new Date(source.next_due_at));
  return next !== null && next.getTime() < now ? source.next_due_at : null;
}

function leftBehindSince({ newest_run_at, last_synced_at }: WatchedSource): string | null {
  if (newest_run_at === null || last_synced_at === null) return null;
  return Date.parse(last_synced_at) < Date.parse(newest_run_at) ? newest_run_at : null;
}
