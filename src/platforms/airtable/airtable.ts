import { openWindow } from '../../contract/scan.ts';
import { notListed, planListing } from '../listing.ts';
import {
  INTERFACE_VERSION,
  requestRate,
  type Connection,
  type Platform,
  type Requests,
} from '../platform.ts';
import type { PlatformSession } from '../session.ts';
import type { Api } from './client.ts';
import { createConverter } from './convert.ts';
import { describe } from './describe.ts';
import { discover, identify } from './discover.ts';
import { KNOWN_TYPES } from './field-types.ts';
import { editedSince, locate, LOCATED_AT_ONCE } from './locate.ts';
import { baseRule, TOKEN_RATE, tokenRule } from './rate-rules.ts';
import { describeList, fetchList, listConverter } from './lists.ts';
import { originOf } from './origin.ts';
import { fetchBatch, planScan } from './scan.ts';
import { externalId, listOf, parseRef, tableRef } from './source-ref.ts';

/**
 * Edits reach listings some seconds late (10 s were seen), times in formulas are not reliable below a
 * second, and the Date header that a watermark comes from has seconds only; the rest is for clocks that
 * differ between Airtable's servers. Reading five minutes of edits twice costs a page or two, and rows
 * that did not change are not written.
 */
const OVERLAP_MS = 5 * 60_000;

/** As documented, of a workspace: over it the free plan is refused and the team plan slowed down; others have none. */
const MONTHLY_REQUESTS = { free: 1_000, team: 100_000 };

/** Airtable through its client: tables (or single views of them) are sources; bases and tables are listings. */
export const airtable: Platform = {
  interface_version: INTERFACE_VERSION,
  name: 'airtable',
  title: 'Airtable',
  environment: { token: ['AIRTABLE_TOKEN', 'AIRTABLE_API_KEY'], base_url: 'AIRTABLE_ENDPOINT_URL' },
  plans: { free: 5, team: 5, business: 5, enterprise: 5 },
  monthlyRequests: MONTHLY_REQUESTS,
  accountRate: TOKEN_RATE,
  budgetPart: (ref) => (listOf(ref) === null ? tableRef(ref).base : ''),
  overlap_ms: OVERLAP_MS,
  located_at_once: LOCATED_AT_ONCE,
  parseRef,
  externalId,
  knownTypes: KNOWN_TYPES,
  createConverter: (columns, ref) => listConverter(columns, ref) ?? createConverter(columns),
  supportsIncremental: (ref) => listOf(ref) === null,
  listings: [
    { name: 'bases', ref: { list: 'bases' }, about: 'bases that the token sees' },
    { name: 'tables', ref: { list: 'tables' }, about: 'their tables' },
  ],
  connect(connection, requests): PlatformSession {
    const rate = requestRate(airtable, connection);
    const api = lazyApi(connection, requests);
    const origin = originOf(connection);
    const token = [tokenRule(connection.fingerprint, rate)];
    const rulesOf = (base: string) => [baseRule(connection.fingerprint, base, rate), ...token];
    return {
      identify: () => identify(api, token),
      discover: () => discover(api, token, rulesOf),
      describe: (ref) => {
        const list = listOf(ref);
        if (list !== null) return describeList(api, token, list);
        return describe(api, rulesOf(tableRef(ref).base), ref);
      },
      planScan: (request) => (listOf(request.ref) === null ? planScan(request) : planListing()),
      fetchBatch: (request) => {
        const list = listOf(request.ref);
        if (list !== null) return fetchList(api, { token, of: rulesOf }, list, request);
        return fetchBatch(api, rulesOf(tableRef(request.ref).base), origin, request);
      },
      locate: (ref, ids, columns) =>
        listOf(ref) === null
          ? locate(api, rulesOf(tableRef(ref).base), ref, ids, columns)
          : notListed(ids),
      // When an entry of a listing was changed is not told: it may always have been since.
      editedSince: (ref, ids, since) =>
        listOf(ref) === null
          ? editedSince(api, rulesOf(tableRef(ref).base), ref, ids, since)
          : Promise.resolve(new Set(ids)),
      listFrom: (created) => openWindow(0, { lower: created }),
    };
  },
};

/** The client is loaded with the first request: it takes longer than most commands, which make none. */
function lazyApi(connection: Connection, requests: Requests): Api {
  let api: Promise<Api> | undefined;
  return async (rules, request) => {
    api ??= import('./client.ts').then(({ createApi }) => createApi(connection, requests));
    return (await api)(rules, request);
  };
}
