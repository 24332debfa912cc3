import { openWindow } from '../../contract/scan.ts';
import { parseAnswer, userSchema } from './answers.ts';
import { createApi, type Api, type ClientPool } from './client.ts';
import { describe } from './describe.ts';
import { discover } from './discover.ts';
import { fetchBatch } from './fetch-batch.ts';
import { requestRate, type Identity, type Platform, type PlatformSession } from '../platform.ts';
import { locate, lookUp } from './locate.ts';
import { rateRule } from './rate-rule.ts';
import { readValue } from './read-value.ts';
import { planScan } from './scan-windows.ts';
import { dataSourceId, parseRef } from './source-ref.ts';

/**
 * Edit times are floored to the minute, and queries are served from an index that was seen to lag by up
 * to a minute; the rest is for clocks that differ between Notion's servers. Reading five minutes of
 * edits twice costs a page or two, and rows that did not change are not written.
 */
const OVERLAP_MS = 5 * 60_000;

const clients: ClientPool = new Map();

/** Notion through its official client: data sources are sources, pages are records. */
export const notion: Platform = {
  name: 'notion',
  title: 'Notion',
  environment: { token: ['NOTION_TOKEN'], base_url: 'NOTION_BASE_URL' },
  plans: { free: 3, plus: 3, business: 10, enterprise: 10 },
  overlap_ms: OVERLAP_MS,
  looked_up_per_request: 1,
  parseRef,
  externalId: dataSourceId,
  connect(connection, requests): PlatformSession {
    const rule = rateRule(connection.fingerprint, requestRate(notion, connection));
    const api = createApi(clients, connection, [rule], requests);
    return {
      identify: () => identify(api),
      discover: () => discover(api),
      describe: (ref) => describe(api, ref),
      planScan,
      fetchBatch: (request) => fetchBatch(api, request),
      locate: (ref, recordId, columns) => locate(api, ref, recordId, columns),
      lookUp: (ref, ids, columns) => lookUp(api, ref, ids, columns),
      listFrom: (created) => openWindow(0, { lower: created }),
      readValue: (_ref, recordId, column) => readValue(api, recordId, column),
    };
  },
};

async function identify(api: Api): Promise<Identity> {
  const what = "the token's own user";
  const answer = await api({ method: 'get', path: 'users/me', what });
  const user = parseAnswer(userSchema, answer.body, what);
  return { name: user.name || user.id, workspace: user.bot?.workspace_name ?? null };
}
