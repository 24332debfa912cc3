import { Cron } from 'croner';

/** When a source syncs by itself; neither means on every `--only-due` run. */
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
