/** `1234567` → `1,234,567`. By hand: the first use of `Intl.NumberFormat` takes longer than all of a command's output. */
export const formatCount = (count: number): string =>
  String(Math.round(count)).replaceAll(/(?<=\d)(?=(?:\d{3})+$)/g, ',');

/** `1 source`, `1,200 sources`. */
export const formatAmount = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${Math.round(count) === 1 ? '' : 's'}`;

/** `812 ms`, `12.3 s`, `2 min 5 s`, `1 h 2 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

/** Whole seconds and up, for what is estimated or still runs: `0 s`, `12 s`, `2 min 5 s`. */
export function formatSeconds(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1_000);
}

/** `480/s`, `3.2/s`: records or requests per second. */
export const formatRate = (perSecond: number): string =>
  `${perSecond >= 10 ? formatCount(perSecond) : perSecond.toFixed(1)}/s`;

/** `12 s ago`, `3 h ago`, `5 d ago`; `in 2 min` for what is to come. */
export function formatRelative(iso: string, now: number): string {
  const distance = Date.parse(iso) - now;
  const amount = largestUnit(Math.abs(distance));
  return distance > 0 ? `in ${amount}` : `${amount} ago`;
}

function largestUnit(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `14:02:07 UTC`: the time of day of something that is not long ago. */
export const formatClock = (iso: string): string => `${iso.slice(11, 19)} UTC`;

/** `812 B`, `1.2 MB`: powers of 1,024. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(
    units.length - 1,
    bytes < 1 ? 0 : Math.floor(Math.log(bytes) / Math.log(1_024)),
  );
  const amount = bytes / 1_024 ** power;
  return `${power === 0 || amount >= 100 ? formatCount(amount) : amount.toFixed(1)} ${units[power] ?? ''}`;
}
