import { setImmediate } from 'node:timers/promises';
import { NO_EVIDENCE, type Evidence, type ScanWindow } from '../../contract/scan.ts';
import { SyncFailure } from '../../errors.ts';
import { followCursor } from '../cursor-circle.ts';
import type { BatchRequest, FetchedBatch } from '../session.ts';
import { sortOut, type SortedOut } from '../sort-out.ts';
import { itemTexts } from '../values/item-texts.ts';
import { isObject } from '../values/json-object.ts';
import { readPage, repeatedCursor, type ListPage } from './answers.ts';
import type { Api, ApiRequest } from './client.ts';
import { createPageConverter, pageHash } from './convert.ts';
import {
  advance,
  QUERY_LIMIT,
  restart,
  sortTime,
  windowQuery,
  windowsAfterCap,
} from './scan-windows.ts';
import { sideBySide, windowsWanted, type Pace } from './side-by-side.ts';
import { dataSourceId } from './source-ref.ts';

/** Notion's most rows per request. */
const PAGE_SIZE = 100;

/** Rows that are converted before the event loop has its turn: a request that waits for it leaves within a millisecond. */
const CONVERTED_AT_ONCE = 10;

/** How Notion writes the rows of a page, none of which is anything but a page. */
const ROWS = {
  list: '"results":[',
  head: '{"object":"page","id":"',
  keys: ['object', 'id'],
} as const;

/** A batch as it grows. */
interface Batch {
  window: ScanWindow;
  /** Rows given so far, those that were given twice included. */
  given: number;
  readonly sorted: SortedOut;
  readonly evidence: { -readonly [K in keyof Evidence]: Evidence[K] };
  readonly pace: { -readonly [K in keyof Pace]: Pace[K] };
  /** The query met its limit on rows. */
  isCapped: boolean;
  /** Rows of the latest page: a sample of what the window holds. */
  sample: readonly unknown[];
}

/**
 * Reads the window on until the batch is full, the time is up or the window ends. While a page is converted the
 * next one is on its way. A lost cursor is dealt with here: the window begins anew at the last row's minute, and
 * rows of that minute come twice. `rate` is how many requests a second the account may make.
 */
export async function fetchBatch(
  api: Api,
  request: BatchRequest,
  rate: number,
): Promise<FetchedBatch> {
  const batch: Batch = {
    window: request.window,
    given: 0,
    sorted: sortOut(createPageConverter(request.columns), pageHash),
    evidence: { ...NO_EVIDENCE },
    pace: { requests: 0, answered_ms: 0, waited_ms: 0 },
    isCapped: false,
    sample: [],
  };
  for (let reading: Promise<ListPage | null> | null = readWindow(api, request, batch); reading;) {
    const page: ListPage | null = await reading;
    const rows = page === null ? [] : notePage(request, batch, page);
    const texts = page === null ? [] : rowTexts(page);
    reading = isFinished(request, batch) ? null : readWindow(api, request, batch);
    // Thrown where it is awaited, which is after the rows at hand.
    reading?.catch(() => {});
    await takeRows(batch, rows, texts);
  }
  batch.evidence.gaps = batch.sorted.gaps(request.mode);
  const wanted = windowsWanted(request, batch.window, batch.pace, rate);
  const { window } = batch;
  const query = queryRequest(request, window);
  const beside =
    wanted > 1 ? await sideBySide(api, query, window, wanted, request.free_window) : [];
  return {
    records: batch.sorted.records(),
    rejected: batch.sorted.rejected(),
    ...closeBatch(request, batch, beside),
  };
}

/** Full, at its end, or out of time. Pages may come short: another one for the few missing is not worth it. */
function isFinished(request: BatchRequest, { window, given, evidence }: Batch): boolean {
  if (window.done || given >= request.max_records || request.isTimeUp()) return true;
  return given > 0 && evidence.pages >= Math.ceil(request.max_records / PAGE_SIZE);
}

/** The window's next page; null when the cursor was lost and the window begins anew. */
async function readWindow(api: Api, request: BatchRequest, batch: Batch): Promise<ListPage | null> {
  const { window } = batch;
  const size = Math.min(PAGE_SIZE, Math.max(1, request.max_records - batch.given));
  const asked = performance.now();
  try {
    const page = await readPage(api, queryRequest(request, window), window.cursor, size);
    const { took_ms } = page.answer;
    batch.pace.requests += 1;
    batch.pace.answered_ms += took_ms;
    batch.pace.waited_ms += performance.now() - asked - took_ms;
    return page;
  } catch (thrown) {
    if (!(thrown instanceof SyncFailure) || thrown.type !== 'CursorLost') throw thrown;
    beginAnew(batch, thrown);
    return null;
  }
}

function queryRequest(request: BatchRequest, window: ScanWindow): ApiRequest {
  const id = dataSourceId(request.ref);
  return {
    method: 'post',
    path: `data_sources/${id}/query`,
    body: windowQuery(request.mode, window),
    what: `data source ${id}`,
  };
}

function beginAnew(batch: Batch, lost: SyncFailure): void {
  batch.window = restart(batch.window, lost);
  batch.evidence.cursor_restarts += 1;
  batch.isCapped = false;
}

/** Moves the window past a page; returns the page's rows. */
function notePage(request: BatchRequest, batch: Batch, page: ListPage): readonly unknown[] {
  const { evidence } = batch;
  // A wiki lists the data sources in it among its pages.
  const rows = page.results.filter((row) => !(isObject(row) && row['object'] === 'data_source'));
  batch.given += rows.length;
  evidence.pages += 1;
  evidence.server_time = serverTime(page) ?? evidence.server_time;
  evidence.other_objects += page.results.length - rows.length;
  const [first, last] = [page.results.at(0), page.results.at(-1)].map((row) => place(request, row));
  evidence.first ??= first ?? null;
  evidence.last = last ?? evidence.last;
  const progress = followCursor(batch.window, { rows: page.results.length, next: page.next });
  if (page.results.length > 0) batch.sample = page.results;
  const lastTime = timeOf(request, page.results.at(-1));
  batch.window = advance(batch.window, lastTime, page.next, progress ?? {});
  if (progress === null) beginAnew(batch, repeatedCursor(whatOf(request)));
  // A cap that is not told is a cap all the same.
  else batch.isCapped ||= page.incomplete || (page.next === null && atLimit(batch.window));
  return rows;
}

/** Each row's text as it came, as far as it can be told. */
const rowTexts = ({ answer, results }: ListPage) =>
  answer.bytes === null ? [] : itemTexts(answer.bytes, ROWS, results);

async function takeRows(
  { sorted }: Batch,
  rows: readonly unknown[],
  texts: readonly (Buffer | undefined)[],
): Promise<void> {
  for (const [i, row] of rows.entries()) {
    if (i > 0 && i % CONVERTED_AT_ONCE === 0) await setImmediate();
    sorted.take(row, texts[i]);
  }
}

const whatOf = (request: BatchRequest) => `data source ${dataSourceId(request.ref)}`;
const atLimit = ({ rows = 0 }: ScanWindow) => rows >= QUERY_LIMIT;

function serverTime({ answer }: ListPage): string | null {
  const time = Date.parse(answer.date ?? '');
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** Where a row stands in the scan: sort time and id. */
function place(request: BatchRequest, row: unknown): string | null {
  const time = timeOf(request, row);
  return time === null || !isObject(row) ? null : `${time} ${String(row['id'])}`;
}

function timeOf(request: BatchRequest, row: unknown): string | null {
  const time = isObject(row) ? row[sortTime(request.mode)] : undefined;
  return typeof time === 'string' && !Number.isNaN(Date.parse(time)) ? time : null;
}

/** What the batch leaves behind: its window or those `beside` that it goes on in, those that a capped one opens, the evidence. */
function closeBatch(
  request: BatchRequest,
  { window, evidence, isCapped, sample }: Batch,
  beside: readonly ScanWindow[],
): Pick<FetchedBatch, 'windows' | 'evidence'> {
  const after = { ...window, next_batch: window.next_batch + 1 };
  if (beside.length > 0) {
    return { windows: [{ ...after, cursor: null, done: true }, ...beside], evidence };
  }
  if (!window.done || !isCapped) return { windows: [after], evidence };
  const { next, gap } = windowsAfterCap(request.mode, window, request.free_window, sample);
  return {
    windows: [after, ...next],
    evidence: {
      ...evidence,
      cap_hits: evidence.cap_hits + 1,
      gaps: gap === null ? evidence.gaps : [...evidence.gaps, gap],
    },
  };
}
