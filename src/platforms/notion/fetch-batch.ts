import { NO_EVIDENCE, UNIDENTIFIED, type Evidence, type ScanWindow } from '../../contract/scan.ts';
import type { ConvertedRecord, RejectedRecord } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import { convertOrReject, type Converter } from '../convert-or-reject.ts';
import type { BatchRequest, FetchedBatch } from '../platform.ts';
import { isObject } from '../values/json-object.ts';
import { readPage, repeatedCursor, type ListPage } from './answers.ts';
import type { Api, ApiRequest } from './client.ts';
import { createConverter, pageHash } from './convert.ts';
import { advance, restart, sortTime, windowAfterCap, windowQuery } from './scan-windows.ts';
import { dataSourceId } from './source-ref.ts';

/** Notion's most rows per request. */
const PAGE_SIZE = 100;

/** A batch as it grows. Records are kept by id: a page that is read twice is written as it was last. */
interface Batch {
  window: ScanWindow;
  readonly records: Map<string, ConvertedRecord>;
  readonly rejected: Map<string, RejectedRecord>;
  readonly seenCursors: Set<string>;
  readonly evidence: { -readonly [K in keyof Evidence]: Evidence[K] };
  /** Notion said that the query met its limit on rows. */
  isCapped: boolean;
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
    seenCursors: new Set(),
    evidence: { ...NO_EVIDENCE },
    isCapped: false,
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
  // The query that begins now may give the cursors of the one before, where they are ids of rows.
  batch.seenCursors.clear();
}

function takePage(request: BatchRequest, batch: Batch, page: ListPage, convert: Converter): void {
  batch.evidence.pages += 1;
  batch.isCapped ||= page.incomplete;
  for (const row of page.results) {
    // A wiki lists the data sources in it among its pages.
    if (isObject(row) && row['object'] === 'data_source') batch.evidence.other_objects += 1;
    else takeRow(request, batch, row, convert);
  }
  const sent = batch.window.cursor;
  batch.window = advance(batch.window, lastTime(request, page.results), page.next);
  if (page.next === null) return;
  const isRepeated = page.next === sent || batch.seenCursors.has(page.next);
  batch.seenCursors.add(page.next);
  if (isRepeated) beginAnew(batch, repeatedCursor(`data source ${dataSourceId(request.ref)}`));
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

function lastTime(request: BatchRequest, rows: readonly unknown[]): string | null {
  const last = rows.at(-1);
  const time = isObject(last) ? last[sortTime(request.mode)] : undefined;
  return typeof time === 'string' && !Number.isNaN(Date.parse(time)) ? time : null;
}

/** What the batch leaves behind: its window, the one that a capped window opens, and the evidence. */
function closeBatch(
  request: BatchRequest,
  { window, evidence, isCapped }: Batch,
): Pick<FetchedBatch, 'windows' | 'evidence'> {
  const after = { ...window, next_batch: window.next_batch + 1 };
  if (!window.done || !isCapped) return { windows: [after], evidence };
  const { next, gap } = windowAfterCap(request.mode, window);
  return {
    windows: [after, next],
    evidence: {
      ...evidence,
      cap_hits: evidence.cap_hits + 1,
      gaps: gap === null ? evidence.gaps : [...evidence.gaps, gap],
    },
  };
}
