import { openWindow, type ScanWindow } from '../../contract/scan.ts';
import { SyncFailure } from '../../errors.ts';
import type { BatchRequest } from '../session.ts';
import { isObject } from '../values/json-object.ts';
import { readPage } from './answers.ts';
import type { Api, ApiRequest } from './client.ts';
import { sortTime, windowQuery } from './scan-windows.ts';

/** More would not be faster: three requests a second and answers that take one are three in flight. */
const MOST_WINDOWS = 4;
/** A query that gave so many rows and goes on is a large one: to split it costs a request, and half a page a window. */
const WORTHWHILE_ROWS = 2_000;
const MINUTE_MS = 60_000;

/** How long the requests of a batch took, and how long they waited for their turn before. */
export interface Pace {
  readonly requests: number;
  readonly answered_ms: number;
  readonly waited_ms: number;
}

/**
 * Windows that the rest of a full scan is better read in. A cursor gives one page after the other, so a large source
 * whose answers take long uses but a part of its account's rate: as many windows as requests are in flight at that
 * rate. One where requests wait for the budget anyhow.
 */
export function windowsWanted(
  { mode }: Pick<BatchRequest, 'mode'>,
  window: ScanWindow,
  pace: Pace,
  rate: number,
): number {
  const isLarge = !window.done && (window.rows ?? 0) >= WORTHWHILE_ROWS;
  if (mode !== 'full' || !isLarge || window.upper !== null || window.part !== undefined) return 1;
  if (pace.waited_ms > pace.answered_ms) return 1;
  const inFlight = (rate * pace.answered_ms) / 1000 / pace.requests;
  return Math.min(MOST_WINDOWS, Math.max(1, Math.ceil(inFlight)));
}

/**
 * The rest of a window that is open to the present, in so many windows of equal time, numbered from `free`: from its
 * last row's minute on, rows of which come twice. None when that time is too short, or not known.
 */
export async function sideBySide(
  api: Api,
  query: ApiRequest,
  { last, lower }: ScanWindow,
  wanted: number,
  free: number,
): Promise<readonly ScanWindow[]> {
  const begin = last ?? lower;
  const latest = begin === null ? null : await newestTime(api, query, begin);
  if (begin === null || latest === null) return [];
  const from = Math.floor(Date.parse(begin) / MINUTE_MS);
  const minutes = Math.floor(Date.parse(latest) / MINUTE_MS) - from;
  if (!(minutes >= wanted)) return [];
  const bounds = Array.from({ length: wanted }, (_, i) =>
    i === 0
      ? begin
      : new Date((from + Math.floor((minutes * i) / wanted)) * MINUTE_MS).toISOString(),
  );
  return bounds.map((bound, i) =>
    openWindow(free + i, { lower: bound, upper: bounds[i + 1] ?? null }),
  );
}

/** When the newest row was created: one request. Without an answer the window is read on as it is. */
async function newestTime(api: Api, query: ApiRequest, since: string): Promise<string | null> {
  const time = sortTime('full');
  const body = {
    ...windowQuery('full', openWindow(0, { lower: since })),
    sorts: [{ timestamp: time, direction: 'descending' }],
  };
  try {
    const { results } = await readPage(api, { ...query, body }, null, 1);
    const newest = isObject(results[0]) ? results[0][time] : undefined;
    return typeof newest === 'string' ? newest : null;
  } catch (thrown) {
    if (thrown instanceof SyncFailure) return null;
    throw thrown;
  }
}
