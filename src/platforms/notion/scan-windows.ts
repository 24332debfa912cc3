import type { ScanMode, ScanWindow } from '../../contract/scan.ts';
import { SyncFailure } from '../../errors.ts';
import type { ScanRequest } from '../platform.ts';

const MINUTE_MS = 60_000;
const MAX_RESTARTS = 5;

/** The time that a scan goes by: creation never moves a page within a full scan. */
export type SortTime = 'created_time' | 'last_edited_time';

export const sortTime = (mode: ScanMode): SortTime =>
  mode === 'full' ? 'created_time' : 'last_edited_time';

function openWindow(window: number, lower: string | null): ScanWindow {
  return {
    window,
    lower,
    upper: null,
    cursor: null,
    next_batch: 0,
    last: null,
    restarts: 0,
    done: false,
  };
}

export function planScan({ mode, since }: ScanRequest): readonly ScanWindow[] {
  return [openWindow(0, mode === 'full' ? null : since)];
}

/** What a query for a window asks; the same for all its pages, since a cursor belongs to one query. */
export function windowQuery(mode: ScanMode, window: ScanWindow): Record<string, unknown> {
  const timestamp = sortTime(mode);
  const sorts = [{ timestamp, direction: 'ascending' }];
  if (window.lower === null) return { sorts };
  return { sorts, filter: { timestamp, [timestamp]: { on_or_after: window.lower } } };
}

/** The window after a page whose last row has this sort time. */
export function advance(
  window: ScanWindow,
  lastTime: string | null,
  cursor: string | null,
): ScanWindow {
  const isProgress = lastTime !== null && isLater(lastTime, reached(window));
  return {
    ...window,
    cursor,
    last: lastTime ?? window.last,
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
  return {
    ...window,
    lower: reached(window),
    cursor: null,
    restarts: window.restarts + 1,
    done: false,
  };
}

export interface CapOutcome {
  readonly next: ScanWindow;
  /** What remains unread for good: one minute that holds more rows than a query gives. */
  readonly gap: string | null;
}

/**
 * Where to go on when a query met its limit on rows: at the last row's minute, rows of which may be
 * missing. When that is where the query began, its minute cannot be read whole; the scan goes on after
 * it and the gap is told.
 */
export function windowAfterCap(mode: ScanMode, window: ScanWindow): CapOutcome {
  const { lower, last } = window;
  if (last !== null && isLater(last, lower)) {
    return { next: openWindow(window.window + 1, last), gap: null };
  }
  const stuck = Date.parse(last ?? lower ?? '');
  if (Number.isNaN(stuck)) {
    throw new SyncFailure('InvalidAnswer', `Notion's rows have no ${sortTime(mode)}`);
  }
  const minute = Math.floor(stuck / MINUTE_MS) * MINUTE_MS;
  return {
    next: openWindow(window.window + 1, new Date(minute + MINUTE_MS).toISOString()),
    gap: `more rows with ${sortTime(mode)} ${new Date(minute).toISOString()} than one query of Notion gives`,
  };
}

const reached = (window: ScanWindow) => window.last ?? window.lower;

/** Times come in more than one form (`Z`, `+00:00`): they are compared as times. */
function isLater(time: string, than: string | null): boolean {
  return than === null || Date.parse(time) > Date.parse(than);
}
