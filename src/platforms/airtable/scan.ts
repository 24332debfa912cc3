import { NO_EVIDENCE, UNIDENTIFIED, type ScanWindow } from '../../contract/scan.ts';
import type { ConvertedRecord, RejectedRecord } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import { convertOrReject } from '../convert-or-reject.ts';
import type { BatchRequest, FetchedBatch, RateRule, ScanRequest } from '../platform.ts';
import { parseAnswer, recordsSchema } from './answers.ts';
import type { Api, ApiRequest } from './client.ts';
import { contentHash, createConverter } from './convert.ts';
import { modifiedSince } from './formula.ts';
import { externalId, tableRef } from './source-ref.ts';

const LARGEST_PAGE = 100;
/** Airtable takes longer addresses as POST only. */
const LONGEST_URL = 16_000;

/** One window: Airtable fixes the order of a listing at its first page, and nobody else's order is kept. */
export function planScan({ since }: ScanRequest): readonly ScanWindow[] {
  return [
    {
      window: 0,
      lower: since,
      upper: null,
      cursor: null,
      next_batch: 0,
      last: null,
      restarts: 0,
      done: false,
    },
  ];
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
  const { records, rejected, take } = sortOut(request.columns);
  const offsets = new Set(window.cursor === null ? [] : [window.cursor]);
  let cursor = window.cursor;
  let pages = 0;
  do {
    const page = await readPage(api, rules, listRequest(request, origin, pageSize, cursor)).catch(
      (failure: unknown) => {
        // What was read is not lost with the next page: the next batch meets the same failure first.
        if (pages > 0 && failure instanceof SyncFailure) return null;
        throw failure;
      },
    );
    if (page === null) break;
    pages += 1;
    for (const given of page.records) take(given);
    cursor = page.offset ?? null;
    if (cursor !== null && offsets.has(cursor)) {
      throw new SyncFailure('CursorLost', `The listing of ${whatOf(request)} leads back to itself`);
    }
    if (cursor !== null) offsets.add(cursor);
  } while (cursor !== null && pages < mostPages && !request.isTimeUp());
  const isDoubtful = request.mode === 'full' && rejected.some(({ id }) => id === null);
  return {
    records,
    rejected,
    windows: [
      {
        ...window,
        cursor,
        next_batch: window.next_batch + 1,
        restarts: 0,
        done: cursor === null,
      },
    ],
    evidence: { ...NO_EVIDENCE, pages, gaps: isDoubtful ? [UNIDENTIFIED] : [] },
  };
}

/** Records as they come, those that can be converted and those that cannot. */
function sortOut(columns: BatchRequest['columns']) {
  const convert = createConverter(columns);
  const records: ConvertedRecord[] = [];
  const rejected: RejectedRecord[] = [];
  const take = (given: unknown) => {
    const { kind, record } = convertOrReject(convert, contentHash, given);
    if (kind === 'converted') records.push(record);
    else rejected.push(record);
  };
  return { records, rejected, take };
}

async function readPage(api: Api, rules: readonly RateRule[], request: ApiRequest) {
  const answer = await api(rules, request);
  return parseAnswer(recordsSchema, answer.body, request.what);
}

/** One page of the listing. The same parameters with every page: an offset belongs to them. */
export function listRequest(
  request: Pick<BatchRequest, 'ref' | 'mode' | 'since'>,
  origin: string,
  pageSize: number,
  offset: string | null,
): ApiRequest {
  const { base, table, view } = tableRef(request.ref);
  const { mode, since } = request;
  const parameters = {
    pageSize,
    // Names of fields may change at any moment; ids do not.
    returnFieldsByFieldId: true,
    ...(view === undefined ? {} : { view }),
    ...(mode === 'full' || since === null ? {} : { filterByFormula: modifiedSince(since) }),
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

const whatOf = ({ ref }: Pick<BatchRequest, 'ref'>) => `table ${externalId(ref)}`;
