import type { ScheduleTiming } from '../contract/workflows.ts';
import { nextTime, parseDuration } from './due.ts';

/** How a schedule in Temporal ticks. Milliseconds. */
export interface SchedulePace {
  /** From one tick to the next; of a cron expression, from the next one to the one after it. */
  readonly interval_ms: number;
  /** How late a missed tick is still made up for: so that after a long sleep exactly the last one is. */
  readonly catchup_ms: number;
  /** Each tick is late by a random part of it, so that installations do not all ask at the full hour. */
  readonly jitter_ms: number;
}

/** Temporal makes up for nothing that it missed by less. */
const LEAST_MS = 10_000;
const MOST_JITTER_MS = 60_000;

/** The pace of `every` or `cron`. Throws Error with a message for people when it is not understood or too fast. */
export function schedulePace(timing: ScheduleTiming, now: Date): SchedulePace {
  const interval_ms = intervalOf(timing, now);
  if (interval_ms < LEAST_MS) throw new Error('is shorter than 10s');
  return {
    interval_ms,
    catchup_ms: interval_ms,
    jitter_ms: Math.min(MOST_JITTER_MS, Math.round(interval_ms / 10)),
  };
}

function intervalOf(timing: ScheduleTiming, now: Date): number {
  if (timing.kind === 'every') return parseDuration(timing.every) * 1000;
  const schedule = { every_seconds: null, cron: timing.cron };
  const first = nextTime(schedule, now);
  const second = first === null ? null : nextTime(schedule, first);
  if (first === null || second === null) throw new Error('names a time that never comes again');
  return second.getTime() - first.getTime();
}
