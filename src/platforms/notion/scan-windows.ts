import { openWindow, type ScanMode, type ScanWindow } from '../../contract/scan.ts';
import { SyncFailure } from '../../errors.ts';
import { beginQuery, type QueryProgress } from '../cursor-circle.ts';
import type { ScanRequest } from '../session.ts';
import { partConditions, splitPart } from './title-parts.ts';

const MINUTE_MS = 60_000;
const MAX_RESTARTS = 5;

/**
 * Notion ends a query after so many rows (documented). It says so by `request_status`; a query that ends at
 * exactly this number without saying anything is not believed either.
 */
export const QUERY_LIMIT = 10_000;

/** The time that a scan goes by: creation never moves a page within a full scan. */
export type SortTime = 'created_time' | 'last_edited_time';

export const sortTime = (mode: ScanMode): SortTime =>
  mode === 'full' ? 'created_time' : 'last_edited_time';

export function planScan({ mode, since }: ScanRequest): readonly ScanWindow[] {
  return [openWindow(0, { lower: mode === 'full' ? null : since })];
}

/** What a query for a window asks; the same for all its pages, since a cursor belongs to one query. */
export function windowQuery(mode: ScanMode, window: ScanWindow): Record<string, unknown> {
  const timestamp = sortTime(mode);
  const sorts = [{ timestamp, direction: 'ascending' }];
  const { lower, upper } = window;
  const conditions = [
    ...(lower === null ? [] : [{ timestamp, [timestamp]: { on_or_after: lower } }]),
    ...(upper === null ? [] : [{ timestamp, [timestamp]: { before: upper } }]),
    ...partConditions(window.part),
  ];
  if (conditions.length === 0) return { sorts };
  return { sorts, filter: conditions.length === 1 ? conditions[0] : { and: conditions } };
}

/** The window after a page whose last row has this sort time. */
export function advance(
  window: ScanWindow,
  lastTime: string | null,
  cursor: string | null,
  progress: QueryProgress,
): ScanWindow {
  const isProgress = lastTime !== null && isLater(lastTime, reached(window));
  return {
    ...window,
    ...progress,
    cursor,
    last: isProgress ? lastTime : window.last,
    restarts: isProgress ? 0 : window.restarts,
    done: cursor === null,
  };
}

/** The window begun anew where it stood when its cursor was lost; a few times without progress only. */
export function restart(window: ScanWindow, lost: SyncFailure): ScanWindow {
  if (window.restarts >= MAX_RESTARTS) {
    throw new SyncFailure(
      'CursorLost',
      `Notion lost its cursor ${window.restarts + 1} times without a record of progress`,
      { cause: lost, hint: 'sync again later, or with a smaller --batch-size' },
    );
  }
  return { ...beginQuery(window, reached(window)), restarts: window.restarts + 1 };
}

export interface CapOutcome {
  /** Windows that cover what the query did not give, some of what it gave, and nothing else. */
  readonly next: readonly ScanWindow[];
  /** What remains unread for good: rows of one minute that nothing tells apart. */
  readonly gap: string | null;
}

/**
 * Where to go on when a query met its limit on rows: at the last row's minute, rows of which may be
 * missing. When that is where the query began, the minute alone is too much for one query: it is split in two by
 * what its rows' titles (a sample: `rows`) contain, as often as it takes; the scan goes on after it in a window
 * of its own. New windows are numbered from `free`.
 */
export function windowsAfterCap(
  mode: ScanMode,
  window: ScanWindow,
  free: number,
  rows: readonly unknown[],
): CapOutcome {
  const { lower, upper, last } = window;
  if (last !== null && isLater(last, lower)) {
    return { next: [openWindow(free, { ...boundsOf(window), lower: last })], gap: null };
  }
  const [minute, after] = minuteAt(last ?? lower, mode);
  const parts = splitPart(window.part, rows);
  const split = parts.map((part, i) =>
    openWindow(free + i, { lower: minute, upper: upper ?? after, part }),
  );
  const rest = upper === null ? [openWindow(free + split.length, { lower: after })] : [];
  const gap =
    parts.length > 0
      ? null
      : `more rows with ${sortTime(mode)} ${minute} and titles alike than one query of Notion gives`;
  return { next: [...split, ...rest], gap };
}

const boundsOf = ({ upper, part }: ScanWindow) => ({
  upper,
  ...(part === undefined ? {} : { part }),
});

/** The minute of a time, and the next one. */
function minuteAt(time: string | null, mode: ScanMode): readonly [string, string] {
  const ms = Date.parse(time ?? '');
  if (Number.isNaN(ms)) {
    throw new SyncFailure('InvalidAnswer', `Notion's rows have no ${sortTime(mode)}`);
  }
  const minute = Math.floor(ms / MINUTE_MS) * MINUTE_MS;
  return [new Date(minute).toISOString(), new Date(minute + MINUTE_MS).toISOString()];
}

const reached = (window: ScanWindow) => window.last ?? window.lower;

/** Times come in more than one form (`Z`, `+00:00`): they are compared as times. */
function isLater(time: string, than: string | null): boolean {
  return than === null || Date.parse(time) > Date.parse(than);
}
