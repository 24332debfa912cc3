import { setImmediate } from 'node:timers/promises';
import { NO_EVIDENCE, openWindow, type Evidence, type ScanWindow } from '../../contract/scan.ts';
import type { ConvertedRecord } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import { sortOut, type SortedOut } from '../sort-out.ts';
import { followCursor } from '../cursor-circle.ts';
import type { RateRule } from '../platform.ts';
import type { BatchRequest, FetchedBatch, ScanRequest } from '../session.ts';
import { parseAnswer, recordsSchema } from './answers.ts';
import type { Api, ApiRequest } from './client.ts';
import { contentHash, createConverter } from './convert.ts';
import { createdSince, modifiedSince } from './formula.ts';
import { externalId, tableRef } from './source-ref.ts';

const LARGEST_PAGE = 100;
/** Records that are converted before the event loop has its turn: a request that waits for it leaves within a millisecond. */
const CONVERTED_AT_ONCE = 25;
/** Airtable takes longer addresses as POST only. */
const LONGEST_URL = 16_000;

/** One window: Airtable fixes the order of a listing at its first page, and nobody else's order is kept. */
export function planScan({ since }: ScanRequest): readonly ScanWindow[] {
  return [openWindow(0, { lower: since })];
}

/**
 * Reads on from the window's offset. A listing cannot be entered in its middle: when its offset is
 * refused, or leads back to itself, the scan is lost and has to begin anew.
 */
export async function fetchBatch(
  api: Api,
  rules: readonly RateRule[],
  origin: string,
  request: BatchRequest,
): Promise<FetchedBatch> {
  const { window, max_records } = request;
  // Pages of one size that fill the batch: a listing's pages should not change their size midway.
  const mostPages = Math.max(1, Math.ceil(max_records / LARGEST_PAGE));
  const pageSize = Math.max(1, Math.floor(max_records / mostPages));
  const sorted = sortOut(createConverter(request.columns), contentHash);
  let at: ScanWindow = window;
  let pages = 0;
  let serverTime: string | null = null;
  const read = () => {
    const list = listRequest({ ...request, from: window.lower }, origin, pageSize, at.cursor);
    return readPage(api, rules, list);
  };
  for (let reading: Promise<Page> | null = read(); reading !== null;) {
    const page: Page | null = await reading.catch((failure: unknown) => {
      // What was read is not lost with the next page: the next batch meets the same failure first.
      if (pages > 0 && failure instanceof SyncFailure) return null;
      throw failure;
    });
    if (page === null) break;
    pages += 1;
    serverTime = page.serverTime ?? serverTime;
    const next = page.offset ?? null;
    const progress = followCursor(at, { rows: page.records.length, next });
    if (progress === null) {
      throw new SyncFailure('CursorLost', `The listing of ${whatOf(request)} leads back to itself`);
    }
    at = { ...at, ...progress, cursor: next, restarts: 0, done: next === null };
    // While a page is converted the next one is on its way.
    reading = at.done || pages >= mostPages || request.isTimeUp() ? null : read();
    reading?.catch(() => {});
    await takeInTurns(sorted, page.records);
  }
  const records = sorted.records();
  return {
    records,
    rejected: sorted.rejected(),
    windows: [{ ...at, next_batch: window.next_batch + 1 }],
    evidence: {
      ...evidenceOf(records, pages, serverTime),
      gaps: sorted.gaps(request.mode),
    },
  };
}

/** Takes records and lets the event loop have its turn in between. */
async function takeInTurns(sorted: SortedOut, records: readonly unknown[]): Promise<void> {
  for (const [i, given] of records.entries()) {
    if (i > 0 && i % CONVERTED_AT_ONCE === 0) await setImmediate();
    sorted.take(given);
  }
}

/** Records stand in the listing's own order, and are told by their ids. */
function evidenceOf(
  records: readonly ConvertedRecord[],
  pages: number,
  server_time: string | null,
): Evidence {
  const [first, last] = [records.at(0)?.id ?? null, records.at(-1)?.id ?? null];
  return { ...NO_EVIDENCE, pages, first, last, server_time };
}

type Page = Awaited<ReturnType<typeof readPage>>;

async function readPage(api: Api, rules: readonly RateRule[], request: ApiRequest) {
  const answer = await api(rules, request);
  const time = Date.parse(answer.date ?? '');
  return {
    ...parseAnswer(recordsSchema, answer.body, request.what),
    serverTime: Number.isNaN(time) ? null : new Date(time).toISOString(),
  };
}

/** One page of the listing. The same parameters with every page: an offset belongs to them. */
export function listRequest(
  request: Pick<BatchRequest, 'ref' | 'mode' | 'since'> & { readonly from?: string | null },
  origin: string,
  pageSize: number,
  offset: string | null,
): ApiRequest {
  const { base, table, view } = tableRef(request.ref);
  const formula = listFormula(request);
  const parameters = {
    pageSize,
    // Names of fields may change at any moment; ids do not.
    returnFieldsByFieldId: true,
    ...(view === undefined ? {} : { view }),
    ...(formula === null ? {} : { filterByFormula: formula }),
    ...(offset === null ? {} : { offset }),
  };
  const what = whatOf(request);
  const query = Object.entries(parameters).map(
    ([key, value]) => `${key}=${encodeURIComponent(value)}`,
  );
  const length = `${origin}/v0/${base}/${table}?${query.join('&')}`.length;
  return length > LONGEST_URL
    ? { base, path: `/${table}/listRecords`, body: parameters, what }
    : { base, path: `/${table}`, query: parameters, what };
}

/** A full listing that begins in the middle is of records created since; null: of all. */
function listFormula({
  mode,
  since,
  from = null,
}: Pick<BatchRequest, 'mode' | 'since'> & { readonly from?: string | null }): string | null {
  if (mode === 'full') return from === null ? null : createdSince(from);
  return since === null ? null : modifiedSince(since);
}

const whatOf = ({ ref }: Pick<BatchRequest, 'ref'>) => `table ${externalId(ref)}`;
