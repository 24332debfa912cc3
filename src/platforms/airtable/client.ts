import Airtable from 'airtable';
import { reasonOf, SyncFailure } from '../../errors.ts';
import type { Connection, RateRule, Requests } from '../platform.ts';
import { airtableFailure, type FailedAnswer } from './failures.ts';
import { Exchange } from './http-exchange.ts';
import { originOf } from './origin.ts';

export interface ApiRequest {
  /** What stands below `/v0/`: a base's id, or `meta`. */
  readonly base: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** Sent with POST; without a body it is a GET. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Whether all who ask get the same answer: then they share it (`shared_as` of platform.ts). */
  readonly isShared?: boolean;
  /** What is asked for, in words for an error message: `table app…/tbl…`. */
  readonly what: string;
}

export interface ApiAnswer {
  readonly body: unknown;
  /** The server's clock, as its Date header has it. */
  readonly date: string | null;
}

/** Makes one request within these rules. Throws SyncFailure, or the reason of a cancellation. */
export type Api = (rules: readonly RateRule[], request: ApiRequest) => Promise<ApiAnswer>;

/**
 * The API through Airtable's client, of which only `makeRequest` is used: its listings hide their
 * offset, cannot be gone on with and may never settle. Everything that the client would otherwise take
 * from the environment is given. Its sockets are those of Node's global agents.
 */
export function createApi(connection: Connection, requests: Requests): Api {
  const client = new Airtable({
    apiKey: connection.token,
    endpointUrl: originOf(connection),
    apiVersion: '0.1.0',
    // Its own retries of a 429 have no end and see no cancellation.
    noRetryIfRateLimited: true,
  });
  const { account } = connection;
  return (rules, request) => {
    const { isShared = false, base, path } = request;
    const shared = isShared ? { shared_as: `${originOf(connection)} ${base}${path}` } : {};
    return requests.send(rules, (signal) => sendRequest(client, account, request, signal), shared);
  };
}

async function sendRequest(
  client: Airtable,
  account: string,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  const { base, path, query = {}, body, what } = request;
  signal.throwIfAborted();
  const exchange = new Exchange(signal);
  const post = body === undefined ? {} : { method: 'POST', body };
  try {
    const answer = await exchange.observe(() =>
      client.base(base).makeRequest({ path, qs: query, ...post }),
    );
    if (answer.statusCode === 200) return { body: answer.body as unknown, date: exchange.date };
  } catch (thrown) {
    if (signal.aborted) throw endedBy(signal.reason, what);
    throw airtableFailure(failedAnswer(exchange, thrown), { account, what });
  }
  throw airtableFailure(failedAnswer(exchange, null), { account, what });
}

/** A cancellation passes through as it is; a time-out says that there was no answer. */
function endedBy(reason: unknown, what: string): unknown {
  const isTimeout = (reason as { readonly name?: unknown } | null)?.name === 'TimeoutError';
  if (!isTimeout) return reason;
  return new SyncFailure('Unavailable', `Airtable gave no whole answer for ${what} in time`);
}

/** The client throws objects that are no errors; all that they say of the network is a message. */
function failedAnswer(exchange: Exchange, thrown: unknown): FailedAnswer {
  const { status, retryAfter, date } = exchange;
  return { status, retryAfter, date, text: exchange.errorText(), reason: reasonOf(thrown) };
}
