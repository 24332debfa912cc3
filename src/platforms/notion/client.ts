import { Client } from '@notionhq/client';

import { SyncFailure } from '../../errors.ts';
import type { Connection, RateRule, Requests } from '../platform.ts';
import { notionFailure } from './failures.ts';
import { calls, createFetch, type Call } from './http.ts';

/** The newest version whose answers were recorded; see fixtures of the tests. */
export const NOTION_VERSION = '2026-03-11';

export interface ApiRequest {
  readonly method: 'get' | 'post';
  /** Below `/v1/`, every part of it encoded once. */
  readonly path: string;
  readonly query?: Record<string, string | number>;
  readonly body?: Record<string, unknown>;
  /** What is asked for, in words for an error message: `data source 1a2b…`. */
  readonly what: string;
}

export interface ApiAnswer {
  readonly body: unknown;
  /** The server's clock, as its Date header has it. */
  readonly date: string | null;
  /** The body's text as it came, UTF-8. */
  readonly bytes: Buffer | null;
  /** From its sending to its whole answer. */
  readonly took_ms: number;
}

/** Makes one request within the account's budget. Throws SyncFailure, or the reason of a cancellation. */
export type Api = (request: ApiRequest) => Promise<ApiAnswer>;

/** Clients by what tells them apart, so that sockets outlive a session. */
export type ClientPool = Map<string, Client>;

export function createApi(
  pool: ClientPool,
  connection: Connection,
  rules: readonly RateRule[],
  requests: Requests,
): Api {
  const client = pooledClient(pool, connection);
  return (request) =>
    requests.send(rules, (signal) => sendRequest(client, connection.account, request, signal));
}

async function sendRequest(
  client: Client,
  account: string,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  const { what, ...parameters } = request;
  const call: Call = { signal, date: null, bytes: null };
  const sent = performance.now();
  try {
    signal.throwIfAborted();
    const body = await calls.run(call, () => client.request<object>(parameters));
    return { body, date: call.date, bytes: call.bytes, took_ms: performance.now() - sent };
  } catch (thrown) {
    if (signal.aborted && !isTimeout(signal.reason)) throw signal.reason;
    throw thrown instanceof SyncFailure ? thrown : notionFailure(thrown, { account, what });
  }
}

/** What `AbortSignal.timeout` aborts with, told by its name: its class differs between V8 contexts. */
const isTimeout = (reason: unknown) =>
  typeof reason === 'object' &&
  reason !== null &&
  'name' in reason &&
  reason.name === 'TimeoutError';

function pooledClient(pool: ClientPool, connection: Connection): Client {
  const { fingerprint, base_url, pool_size } = connection;
  const key = JSON.stringify([fingerprint, base_url, pool_size]);
  const known = pool.get(key);
  if (known) return known;
  const client = new Client({
    auth: connection.token,
    notionVersion: NOTION_VERSION,
    // Waiting and trying again is the caller's: a sleep inside the client sees no cancellation.
    retry: false,
    logger: () => {},
    fetch: createFetch(pool_size),
    ...(base_url === undefined ? {} : { baseUrl: base_url.replace(/\/+$/, '') }),
  });
  pool.set(key, client);
  return client;
}
