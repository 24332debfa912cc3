import type { Paint } from '../output.ts';
import { displayWidth, plainText, truncate } from '../table.ts';
import { formatAmount, formatClock, formatCount, formatRate, formatSeconds } from '../../units.ts';
import {
  isEnded,
  progressTotals,
  recentRate,
  remainingTime,
  waitingTime,
  type ProgressState,
  type TrackedSource,
} from './state.ts';

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

const BAR = 16;
const LONGEST_NAME = 28;
/** Budget waits below this are the normal pacing of requests, not news. */
const NOTABLE_WAIT_MS = 1_500;

/**
 * What a terminal shows of a run now: sources at work first, then those that ended last, as many as
 * fit, and the total as the last line.
 */
export function frameLines(
  state: ProgressState,
  now: number,
  size: FrameSize,
  paint: Paint,
): readonly string[] {
  const room = Math.max(1, size.rows - 3);
  const ordered = [...state.sources].toSorted(
    (a, b) => (b.endedAt ?? Infinity) - (a.endedAt ?? Infinity) || a.alias.localeCompare(b.alias),
  );
  const hidden = ordered.length > room ? ordered.length - room + 1 : 0;
  const shown = ordered.slice(0, ordered.length - hidden);
  const name = Math.min(
    LONGEST_NAME,
    Math.max(0, ...shown.map(({ alias }) => displayWidth(alias))),
  );
  const lines = shown.map((source) => sourceLine(source, now, name, size.columns, paint));
  if (hidden > 0) lines.push(paint.dim(`  … and ${formatAmount(hidden, 'more source')}`));
  return [...lines, totalLine(state, now, size.columns, paint)];
}

function sourceLine(
  source: TrackedSource,
  now: number,
  name: number,
  columns: number,
  paint: Paint,
): string {
  const alias = truncate(plainText(source.alias), name);
  const label = alias + ' '.repeat(name - displayWidth(alias));
  const room = columns - name - 5;
  if (isEnded(source)) {
    const text = truncate(`${source.status}, ${describeRead(source)}`, room);
    return `${mark(source.status, paint)} ${label}  ${paint.dim(text)}`;
  }
  return `${paint.cyan('·')} ${label}  ${truncate(activity(source, now), room)}`;
}

/** Bar or count, pace, and what it waits for or how long it will take. */
function activity(source: TrackedSource, now: number): string {
  if (source.trouble !== null) return `${plainText(source.trouble)}; trying again`;
  if (source.paused_since !== null) {
    return `${amountRead(source)}  paused since ${formatClock(source.paused_since)}`;
  }
  const rate = recentRate(source.samples);
  const parts = [amountRead(source), ...inQuarantine(source)];
  if (rate !== null && rate > 0) parts.push(formatRate(rate));
  // All is read, and values that the list cut are read whole: that it goes on shows in how many are left.
  if (rate === 0 && source.cut_values > 0) {
    parts.push(`${formatAmount(source.cut_values, 'long value')} to complete`);
  }
  if (rate === 0 && source.unread_contents > 0) {
    parts.push(`${formatAmount(source.unread_contents, 'content')} to read`);
  }
  const waiting = waitingTime(source, now);
  const remaining = remainingTime(source);
  if (waiting >= NOTABLE_WAIT_MS) parts.push(`waiting for rate budget ${formatSeconds(waiting)}`);
  else if (remaining !== null) parts.push(`${formatSeconds(remaining)} left`);
  return parts.join('  ');
}

const inQuarantine = ({ quarantined }: TrackedSource) =>
  quarantined > 0 ? [`${formatCount(quarantined)} in quarantine`] : [];

/** `1,200 records`, `1,200 records, 3 in quarantine` */
export const describeRead = (source: TrackedSource): string =>
  [formatAmount(source.read, 'record'), ...inQuarantine(source)].join(', ');

function amountRead(source: TrackedSource): string {
  const { expected, read } = source;
  if (expected === null || expected <= 0) return formatAmount(read, 'record');
  const share = Math.min(1, read / expected);
  const filled = Math.round(share * BAR);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled);
  return `${bar} ${formatCount(read)} of ${formatCount(Math.max(expected, read))}`;
}

export function mark(status: string, paint: Paint): string {
  if (status === 'complete') return paint.green('✓');
  if (status === 'failed') return paint.red('✗');
  return paint.yellow('!');
}

function totalLine(state: ProgressState, now: number, columns: number, paint: Paint): string {
  if (state.trouble !== null) return paint.yellow(truncate(`  ${state.trouble}`, columns - 1));
  return paint.bold(truncate(`  ${describeTotals(state, now)}`, columns - 1));
}

/** `2 of 5 sources done, 12,345 records, 480/s, 12 s` */
export function describeTotals(state: ProgressState, now: number): string {
  const totals = progressTotals(state);
  const all = state.matched ?? state.sources.length;
  const sources =
    state.sources.length === 0 && state.matched === null && state.pausedSince === null
      ? 'waiting for a worker'
      : `${formatCount(totals.ended)} of ${formatAmount(Math.max(all, state.sources.length), 'source')} done`;
  const paused = state.pausedSince;
  const rate = totals.rate === null || totals.rate <= 0 ? [] : [formatRate(totals.rate)];
  const pace = paused === null ? rate : [`paused since ${formatClock(paused)}`];
  const time = formatSeconds(Math.floor((now - state.startedAt) / 1_000) * 1_000);
  return [sources, formatAmount(totals.read, 'record'), ...pace, time].join(', ');
}
