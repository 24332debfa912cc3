import { createHash } from 'node:crypto';
import { Cron } from 'croner';

/** When a source syncs by itself; neither means on every `--only-due` run, unless it fails. */
export interface Schedule {
  readonly every_seconds: number | null;
  readonly cron: string | null;
}

/** A schedule and whose it is, which decides how late it is. */
export interface ScheduledSource extends Schedule {
  readonly alias: string;
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
 * The first time after `from` that the schedule names; null without a schedule. Cron times are UTC,
 * so that workers in different places agree, unless the expression begins with `CRON_TZ=<zone> `. A
 * daily time that a change of clocks skips comes right after the gap, one that it repeats comes once.
 */
export function nextTime({ cron, every_seconds }: Schedule, from: Date): Date | null {
  if (cron !== null) return nextCron(cron, from);
  return every_seconds === null ? null : new Date(from.getTime() + every_seconds * 1000);
}

/** When a source is due that was synced at `from`: the schedule's next time and the source's own jitter. */
export function nextDueAt(source: ScheduledSource, from: Date): Date | null {
  const next = nextTime(source, from);
  return next === null ? null : new Date(next.getTime() + jitterMs(source));
}

const JITTER_PART = 0.1;
const MOST_JITTER_MS = 10 * SECONDS.m * 1000;

/**
 * By how much a source with `every` comes later than its interval says: always the same, and different from that
 * of others, so that sources that were synced together do not all come due together. Later and never earlier: an
 * interval is also what keeps requests rare. Cron times are exact: somebody chose that minute.
 */
export function jitterMs({ alias, cron, every_seconds }: ScheduledSource): number {
  if (cron !== null || every_seconds === null) return 0;
  const share = createHash('sha256').update(alias).digest().readUInt32BE(0) / 2 ** 32;
  return Math.floor(share * Math.min(MOST_JITTER_MS, every_seconds * 1000 * JITTER_PART));
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
 * With `every`, the jitter comes on top.
 */
export function dueAfterSetback(source: ScheduledSource, setback: Setback, now: Date): Date {
  const { kind, failures, blocked_until } = setback;
  if (blocked_until !== undefined) {
    const until = new Date(blocked_until);
    const next = nextDueAt(source, now);
    return next === null || next < until ? until : next;
  }
  const base = source.every_seconds ?? FIRST_PAUSE_SECONDS;
  const longest = Math.max(base, LONGEST_PAUSE_SECONDS[kind]);
  const pause = Math.min(longest, base * 2 ** (failures - 1));
  const added = source.cron === null ? pause - base : Math.min(pause - base, longest / 2);
  const from = new Date(now.getTime() + added * 1000);
  return nextDueAt(source, from) ?? new Date(now.getTime() + pause * 1000);
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
