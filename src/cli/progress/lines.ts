import { plainText } from '../table.ts';
import { formatClock, formatDuration, formatSeconds } from '../../units.ts';
import { describeRead, describeTotals } from './frame.ts';
import { isEnded, waitingTime, type ProgressState, type TrackedSource } from './state.ts';

const WORTH_SAYING_MS = 10_000;

/** What a log shows between two looks at a run: a line when a source starts or ends or has to wait long. */
export function progressLines(
  before: ProgressState,
  after: ProgressState,
  now: number,
): readonly string[] {
  const former = new Map(before.sources.map((source) => [source.alias, source]));
  const lines = after.sources.flatMap((source) => {
    const was = former.get(source.alias);
    const moved = sourceLines(was, source, now);
    if (isEnded(source) || after.pausedSince !== null) return moved;
    const [own, owned] = [ownPause(before, was), ownPause(after, source)];
    return [...moved, ...pauseLines(plainText(source.alias), own, owned)];
  });
  lines.push(...pauseLines('run', before.pausedSince, after.pausedSince));
  if (after.trouble !== null && before.trouble === null) lines.push(after.trouble);
  if (after.trouble === null && before.trouble !== null) lines.push('connected again');
  return lines;
}

/** A pause that began or ended between two looks. */
function pauseLines(name: string, before: string | null, after: string | null): readonly string[] {
  if ((before === null) === (after === null)) return [];
  return [after === null ? `${name}: goes on` : `${name}: paused since ${formatClock(after)}`];
}

/** A source's pause by itself; that of its run is told once. Null: it goes on, has ended, or never began. */
function ownPause(state: ProgressState, source: TrackedSource | undefined): string | null {
  if (source === undefined || source.paused_since === state.pausedSince) return null;
  return source.paused_since;
}

function sourceLines(
  before: TrackedSource | undefined,
  source: TrackedSource,
  now: number,
): readonly string[] {
  const name = plainText(source.alias);
  if (isEnded(source)) {
    if (before !== undefined && isEnded(before)) return [];
    const time = formatDuration(now - Date.parse(source.started_at));
    return [`${name}: ${source.status}, ${describeRead(source)}, ${time}`];
  }
  const started = `${name}: started${source.mode === null ? '' : `, ${source.mode}`}`;
  if (source.trouble !== null && source.trouble !== before?.trouble) {
    const trouble = `${name}: ${plainText(source.trouble)}; trying again`;
    return before === undefined ? [started, trouble] : [trouble];
  }
  if (before === undefined) return [started];
  const waiting = waitingTime(source, now);
  if (waiting < WORTH_SAYING_MS || source.waiting_until === before.waiting_until) return [];
  return [`${name}: waiting for rate budget ${formatSeconds(waiting)}`];
}

/** The line that comes every few seconds. */
export const totalsLine = (state: ProgressState, now: number): string => describeTotals(state, now);
