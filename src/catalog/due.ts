import { Cron } from 'croner';

/** When a source syncs by itself; neither means on every `--only-due` run, unless it fails. */
export interface Schedule {
  readonly every_seconds: number | null;
  readonly cron: string | null;
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const LONGEST_SECONDS = 3650 * SECONDS.d;

/** Seconds of `90s`, `15m`, `1h` or `2d`. Throws Error with a message for people. */
export function parseDuration(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (SECONDS[unit as keyof typeof SECONDS] ?? 0);
  if (seconds > 0 && seconds <= LONGEST_SECONDS) return seconds;
  throw new Error('is not a duration such as 90s, 15m, 1h or 2d');
}

/** Throws Error with a message for people when `cron` is not understood or names a time that never comes. */
export function checkCron(cron: string): void {
  if (nextCron(cron, new Date()) === null) throw new Error('names a time that never comes');
}

/**
 * The first time after `from` at which the schedule is due; null without a schedule. Cron times are UTC,
 * so that workers in different places agree, unless the expression begins with `CRON_TZ=<zone> `. A
 * daily time that a change of clocks skips comes right after the gap, one that it repeats comes once.
 */
export function nextDueAt(schedule: Schedule, from: Date): Date | null {
  if (schedule.cron !== null) return nextCron(schedule.cron, from);
  if (schedule.every_seconds === null) return null;
  return new Date(from.getTime() + schedule.every_seconds * 1000);
}

const FIRST_PAUSE_SECONDS = 5 * SECONDS.m;

/**
 * The longest pause after attempts that ended so: what failed waits longer than what lacks a part. A refused token costs
 * its account one request to try, and once somebody has mended it nobody wants to wait for a day.
 */
const LONGEST_PAUSE_SECONDS = {
  failed: SECONDS.d,
  refused: SECONDS.h,
  incomplete: SECONDS.h,
} as const;

/** Attempts in a row that saw less than everything, the last one included. */
export interface Setback {
  readonly kind: keyof typeof LONGEST_PAUSE_SECONDS;
  readonly failures: number;
  /** Until when the platform answers nothing: then this alone decides. */
  readonly blocked_until: string | undefined;
}

/**
 * When a source is tried again by itself after a setback. The first one waits as long as its schedule says (five
 * minutes without one), each further one twice as long, up to a day or an hour. A longer
 * schedule is never hurried. Cron times stay cron times: the first one after the added pause, of which half the
 * longest is enough: a daily run that failed after half an hour of trying is not to skip the next day's.
 */
export function dueAfterSetback(schedule: Schedule, setback: Setback, now: Date): Date {
  const { kind, failures, blocked_until } = setback;
  if (blocked_until !== undefined) {
    const until = new Date(blocked_until);
    const next = nextDueAt(schedule, now);
    return next === null || next < until ? until : next;
  }
  const base = schedule.every_seconds ?? FIRST_PAUSE_SECONDS;
  const longest = Math.max(base, LONGEST_PAUSE_SECONDS[kind]);
  const pause = Math.min(longest, base * 2 ** (failures - 1));
  const added = schedule.cron === null ? pause - base : Math.min(pause - base, longest / 2);
  const from = new Date(now.getTime() + added * 1000);
  return nextDueAt(schedule, from) ?? new Date(now.getTime() + pause * 1000);
}

function nextCron(cron: string, from: Date): Date | null {
  const [, timezone = 'UTC', pattern = ''] = /^(?:CRON_TZ=(\S+)\s+)?(.*)$/s.exec(cron.trim()) ?? [];
  // Croner also takes a date, and fields for seconds and years: neither is a schedule here.
  if (!/^(@[a-z]+|\S+(\s+\S+){4})$/.test(pattern)) {
    throw new Error('is not a cron expression of five fields such as "0 6 * * *"');
  }
  checkTimezone(timezone);
  try {
    return new Cron(pattern, { mode: '5-part', timezone, paused: true }).nextRun(from);
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^\w+: /, '') : String(error);
    throw new Error(`is not a cron expression: ${why}`, { cause: error });
  }
}

function checkTimezone(timezone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
  } catch (error) {
    throw new Error(`names an unknown time zone ${timezone}`, { cause: error });
  }
}
