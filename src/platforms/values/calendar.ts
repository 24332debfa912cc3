const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(T([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?)?$/;

/** A day, a time of a day whose zone is not said, or a moment. */
export type CalendarKind = 'day' | 'local time' | 'moment';

/**
 * What an ISO 8601 text means, when the calendar and Postgres know it: years 1 to 9999, days that exist,
 * offsets up to ±14:59. Null for anything else, which Postgres would refuse or read in its own way.
 */
export function calendarKind(text: string): CalendarKind | null {
  const parts = ISO.exec(text);
  if (parts === null) return null;
  const [year = 0, month = 0, day = 0] = parts.slice(1, 4).map(Number);
  const exists = year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
  if (!exists) return null;
  if (parts[4] === undefined) return 'day';
  return parts[6] === undefined ? 'local time' : 'moment';
}

/** Text for a timestamptz column: a moment as it stands, a day at midnight UTC; null for anything else. */
export function momentText(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const kind = calendarKind(value);
  if (kind === 'moment') return value;
  return kind === 'day' ? `${value}T00:00:00.000Z` : null;
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}
