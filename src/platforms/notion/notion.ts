import { openWindow } from '../../contract/scan.ts';
import { parseAnswer, userSchema } from './answers.ts';
import type { Api, ClientPool } from './client.ts';
import { createConverter } from './convert.ts';
import { describe } from './describe.ts';
import { discover } from './discover.ts';
import { fetchBatch } from './fetch-batch.ts';
import { notListed, planListing } from '../listing.ts';
import {
  INTERFACE_VERSION,
  requestRate,
  type Connection,
  type Identity,
  type Platform,
  type RateRule,
  type Requests,
} from '../platform.ts';
import type { PlatformSession } from '../session.ts';
import { locate } from './locate.ts';
import { KNOWN_TYPES } from './property-types.ts';
import { rateRule } from './rate-rule.ts';
import { readContent } from './read-content.ts';
import { readValue } from './read-value.ts';
import { planScan } from './scan-windows.ts';
import { externalId, isUsers, parseRef } from './source-ref.ts';
import { describeUsers, fetchUsers, userConverter } from './users.ts';

/**
 * Edit times are floored to the minute, and queries are served from an index that was seen to lag by up
 * to a minute; the rest is for clocks that differ between Notion's servers. Reading five minutes of
 * edits twice costs a page or two, and rows that did not change are not written.
 */
const OVERLAP_MS = 5 * 60_000;

const clients: ClientPool = new Map();

/** Notion through its official client: data sources are sources, pages are records; its users are a listing. */
export const notion: Platform = {
  interface_version: INTERFACE_VERSION,
  name: 'notion',
  title: 'Notion',
  environment: { token: ['NOTION_TOKEN'], base_url: 'NOTION_BASE_URL' },
  plans: { free: 3, plus: 3, business: 10, enterprise: 10 },
  overlap_ms: OVERLAP_MS,
  located_at_once: 1,
  parseRef,
  externalId,
  knownTypes: KNOWN_TYPES,
  createConverter: (columns, ref) =>
    ref !== undefined && isUsers(ref) ? userConverter(columns) : createConverter(columns),
  supportsIncremental: (ref) => !isUsers(ref),
  contentFormats: (ref) => (isUsers(ref) ? [] : ['markdown']),
  listings: [{ name: 'users', ref: { list: 'users' }, about: 'members and bots of the workspace' }],
  connect(connection, requests): PlatformSession {
    const rate = requestRate(notion, connection);
    const api = lazyApi(connection, [rateRule(connection.fingerprint, rate)], requests);
    return {
      identify: () => identify(api),
      discover: () => discover(api),
      describe: (ref) => (isUsers(ref) ? describeUsers(api) : describe(api, ref)),
      planScan: (request) => (isUsers(request.ref) ? planListing() : planScan(request)),
      fetchBatch: (request) =>
        isUsers(request.ref) ? fetchUsers(api, request) : fetchBatch(api, request, rate),
      locate: (ref, ids, columns) =>
        isUsers(ref) ? notListed(ids) : locate(api, ref, ids, columns),
      listFrom: (created) => openWindow(0, { lower: created }),
      readValue: (_ref, recordId, column) => readValue(api, recordId, column),
      readContent: (_ref, recordId) => readContent(api, recordId),
    };
  },
};

/** The client is loaded with the first request: it takes longer than most commands, which make none. */
function lazyApi(connection: Connection, rules: readonly RateRule[], requests: Requests): Api {
  let api: Promise<Api> | undefined;
  return async (request) => {
    api ??= import('./client.ts').then(({ createApi }) =>
      createApi(clients, connection, rules, requests),
    );
    return (await api)(request);
  };
}

async function identify(api: Api): Promise<Identity> {
  const what = "the token's own user";
  const answer = await api({ method: 'get', path: 'users/me', what });
  const user = parseAnswer(userSchema, answer.body, what);
  return { name: user.name || user.id, workspace: user.bot?.workspace_name ?? null };
}
