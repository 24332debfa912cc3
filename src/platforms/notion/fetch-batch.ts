import { NO_EVIDENCE, UNIDENTIFIED, type Evidence, type ScanWindow } from '../../contract/scan.ts';
import type { ConvertedRecord, RejectedRecord } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import { convertOrReject, type Converter } from '../convert-or-reject.ts';
import { followCursor } from '../cursor-circle.ts';
import type { BatchRequest, FetchedBatch } from '../session.ts';
import { isObject } from '../values/json-object.ts';
import { readPage, repeatedCursor, type ListPage } from './answers.ts';
import type { Api, ApiRequest } from './client.ts';
import { createConverter, pageHash } from './convert.ts';
import {
  advance,
  QUERY_LIMIT,
  restart,
  sortTime,
  windowQuery,
  windowsAfterCap,
} from './scan-windows.ts';
import { dataSourceId } from './source-ref.ts';

/** Notion's most rows per request. */
const PAGE_SIZE = 100;

/** A batch as it grows. Records are kept by id: a page that is read twice is written as it was last. */
interface Batch {
  window: ScanWindow;
  readonly records: Map<string, ConvertedRecord>;
  readonly rejected: Map<string, RejectedRecord>;
  readonly evidence: { -readonly [K in keyof Evidence]: Evidence[K] };
  /** The query met its limit on rows. */
  isCapped: boolean;
  /** Rows of the latest page: a sample of what the window holds. */
  sample: readonly unknown[];
}

/**
 * Reads the window on until the batch is full, the time is up or the window ends. A lost cursor is
 * dealt with here: the window begins anew at the last row's minute, and rows of that minute come twice.
 */
export async function fetchBatch(api: Api, request: BatchRequest): Promise<FetchedBatch> {
  const batch: Batch = {
    window: request.window,
    records: new Map(),
    rejected: new Map(),
    evidence: { ...NO_EVIDENCE },
    isCapped: false,
    sample: [],
  };
  const convert = createConverter(request.columns);
  do {
    const page = await readWindow(api, request, batch);
    if (page) takePage(request, batch, page, convert);
  } while (!isFinished(request, batch));
  return {
    records: [...batch.records.values()],
    rejected: [...batch.rejected.values()],
    ...closeBatch(request, batch),
  };
}

/** Full, at its end, or out of time. Pages may come short: another one for the few missing is not worth it. */
function isFinished(request: BatchRequest, batch: Batch): boolean {
  const { window, evidence } = batch;
  const size = sizeOf(batch);
  if (window.done || size >= request.max_records || request.isTimeUp()) return true;
  return size > 0 && evidence.pages >= Math.ceil(request.max_records / PAGE_SIZE);
}

const sizeOf = ({ records, rejected }: Batch) => records.size + rejected.size;

/** The window's next page; null when the cursor was lost and the window begins anew. */
async function readWindow(api: Api, request: BatchRequest, batch: Batch): Promise<ListPage | null> {
  const { window } = batch;
  const wanted = Math.max(1, request.max_records - sizeOf(batch));
  try {
    return await readPage(
      api,
      queryRequest(request, window),
      window.cursor,
      Math.min(PAGE_SIZE, wanted),
    );
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

function takePage(request: BatchRequest, batch: Batch, page: ListPage, convert: Converter): void {
  const { evidence } = batch;
  evidence.pages += 1;
  evidence.server_time = serverTime(page) ?? evidence.server_time;
  for (const row of page.results) {
    // A wiki lists the data sources in it among its pages.
    if (isObject(row) && row['object'] === 'data_source') evidence.other_objects += 1;
    else takeRow(request, batch, row, convert);
  }
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
}

/** What was read last of a record counts, whether it could be converted or not. */
function takeRow(request: BatchRequest, batch: Batch, row: unknown, convert: Converter): void {
  const { kind, record } = convertOrReject(convert, pageHash, row);
  const key = record.id ?? record.hash;
  batch.records.delete(key);
  batch.rejected.delete(key);
  if (kind === 'converted') batch.records.set(key, record);
  else batch.rejected.set(key, record);
  if (record.id === null && request.mode === 'full') batch.evidence.gaps = [UNIDENTIFIED];
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

/** What the batch leaves behind: its window, those that a capped window opens, and the evidence. */
function closeBatch(
  request: BatchRequest,
  { window, evidence, isCapped, sample }: Batch,
): Pick<FetchedBatch, 'windows' | 'evidence'> {
  const after = { ...window, next_batch: window.next_batch + 1 };
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
