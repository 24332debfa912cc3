import { openWindow } from '../../contract/scan.ts';
import { requestRate, type Platform, type PlatformSession } from '../platform.ts';
import { createApi, originOf } from './client.ts';
import { describe } from './describe.ts';
import { discover, identify } from './discover.ts';
import { editedSince, lookUp, MOST_LOOKED_UP } from './look-up.ts';
import { baseRule, tokenRule } from './rate-rules.ts';
import { fetchBatch, planScan } from './scan.ts';
import { externalId, parseRef, tableRef } from './source-ref.ts';

/**
 * Edits reach listings some seconds late (10 s were seen), times in formulas are not reliable below a
 * second, and the Date header that a watermark comes from has seconds only; the rest is for clocks that
 * differ between Airtable's servers. Reading five minutes of edits twice costs a page or two, and rows
 * that did not change are not written.
 */
const OVERLAP_MS = 5 * 60_000;

/** Airtable through its client: tables (or single views of them) are sources. */
export const airtable: Platform = {
  name: 'airtable',
  title: 'Airtable',
  environment: { token: ['AIRTABLE_TOKEN', 'AIRTABLE_API_KEY'], base_url: 'AIRTABLE_ENDPOINT_URL' },
  plans: { free: 5, team: 5, business: 5, enterprise: 5 },
  overlap_ms: OVERLAP_MS,
  looked_up_per_request: MOST_LOOKED_UP,
  parseRef,
  externalId,
  connect(connection, requests): PlatformSession {
    const rate = requestRate(airtable, connection);
    const api = createApi(connection, requests);
    const origin = originOf(connection);
    const token = [tokenRule(connection.fingerprint, rate)];
    const rulesOf = (base: string) => [baseRule(connection.fingerprint, base, rate), ...token];
    return {
      identify: () => identify(api, token),
      discover: () => discover(api, token, rulesOf),
      describe: (ref) => describe(api, rulesOf(tableRef(ref).base), ref),
      planScan,
      fetchBatch: (request) =>
        fetchBatch(api, rulesOf(tableRef(request.ref).base), origin, request),
      lookUp: (ref, ids, columns) => lookUp(api, rulesOf(tableRef(ref).base), ref, ids, columns),
      editedSince: (ref, ids, since) =>
        editedSince(api, rulesOf(tableRef(ref).base), ref, ids, since),
      listFrom: (created) => openWindow(0, { lower: created }),
    };
  },
};
