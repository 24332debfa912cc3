import type { ScanWindow } from '../contract/scan.ts';

/** What a window knows of the query that it is reading. */
export type QueryProgress = Pick<ScanWindow, 'rows' | 'pages' | 'landmark'>;

/**
 * Notes one page of a window's query and the cursor to the next. Null when the cursors lead in a circle: a
 * landmark, moved to every page whose number is a power of two, meets any circle after about twice its length
 * (Brent's method), so that one cursor in the window is enough, however long the scan.
 */
export function followCursor(
  window: ScanWindow,
  page: { readonly rows: number; readonly next: string | null },
): QueryProgress | null {
  const { next } = page;
  const rows = (window.rows ?? 0) + page.rows;
  const pages = (window.pages ?? 0) + 1;
  if (next === null) return { rows, pages };
  if (next === window.cursor || next === window.landmark) return null;
  const landmark = isPowerOfTwo(pages) ? next : window.landmark;
  return { rows, pages, ...(landmark === undefined ? {} : { landmark }) };
}

/** A window whose query begins anew: from `lower`, with nothing read of it. */
export function beginQuery(window: ScanWindow, lower: string | null): ScanWindow {
  const { rows: _rows, pages: _pages, landmark: _landmark, ...rest } = window;
  return { ...rest, lower, cursor: null, done: false };
}

const isPowerOfTwo = (n: number) => (n & (n - 1)) === 0;
