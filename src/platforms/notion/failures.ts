import {
  APIResponseError,
  InvalidPathParameterError,
  UnknownHTTPResponseError,
} from '@notionhq/client';

import { reasonOf, SyncFailure } from '../../errors.ts';
import { isTransient, oneLine, retryAfterMs, type FailureContext } from '../http-failure.ts';
import { isObject, type JsonObject } from '../values/json-object.ts';

const DEFAULT_RETRY_AFTER_MS = 30_000;

/**
 * Classifies whatever a request threw. Messages name what was asked for and what Notion said of it;
 * they hold no token (the client's errors know none) and nothing of an answer that was not an error.
 */
export function notionFailure(thrown: unknown, context: FailureContext): SyncFailure {
  if (thrown instanceof APIResponseError || thrown instanceof UnknownHTTPResponseError) {
    return statusFailure(answerOf(thrown), context);
  }
  if (thrown instanceof SyntaxError) {
    // The parser's own message quotes the answer.
    return new SyncFailure('Unavailable', `Notion's answer for ${context.what} is not whole JSON`);
  }
  if (thrown instanceof InvalidPathParameterError) {
    // The client refuses paths with two dots in a row, encoded or not: such ids cannot be asked for.
    return new SyncFailure('BadRequest', `Notion's client refuses the path of ${context.what}`);
  }
  return new SyncFailure(
    'Unavailable',
    `Notion gave no answer for ${context.what}: ${networkReason(thrown)}`,
    { hint: 'check the network, and NOTION_BASE_URL when it is set' },
  );
}

/** An answer with a status other than 2xx, as far as failures depend on it. */
interface ErrorAnswer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly header: (name: string) => string | null;
  readonly additional: JsonObject;
}

function statusFailure(answer: ErrorAnswer, context: FailureContext): SyncFailure {
  const { status } = answer;
  const { account, what } = context;
  if (status === 401) {
    return new SyncFailure(
      'Unauthorized',
      `Notion does not accept the token of account ${account}`,
      {
        hint: `check the token of account ${account} (NOTION_TOKEN): it may be mistyped or revoked`,
      },
    );
  }
  if (status === 403) {
    return new SyncFailure(
      'Forbidden',
      `Notion forbids ${what} to the token of account ${account}`,
      {
        hint: 'give the integration the capability to read content, in its settings in Notion',
      },
    );
  }
  if (status === 404) {
    return new SyncFailure('NotFound', `Notion knows no ${what}, or does not share it`, {
      hint: 'share it with the integration (in Notion: ••• → Connections); a data source has another id than its database',
    });
  }
  if (status === 429) return rateLimitFailure(answer, context);
  if (status === 529 && answer.header('retry-after') !== null) {
    return new SyncFailure('RateLimited', 'Notion is overloaded', {
      retryAfterMs: waitOf(answer),
    });
  }
  return isTransient(status) ? unavailable(answer, what) : refusal(answer, what);
}

function unavailable(answer: ErrorAnswer, what: string): SyncFailure {
  const wait = answer.header('retry-after') === null ? undefined : waitOf(answer);
  return new SyncFailure(
    'Unavailable',
    `Notion could not answer for ${what} (${answer.status} ${answer.code})`,
    { retryAfterMs: wait },
  );
}

function refusal(answer: ErrorAnswer, what: string): SyncFailure {
  if (answer.status < 400) {
    return new SyncFailure('Misconfigured', `Notion's address redirects (${answer.status})`, {
      hint: 'set NOTION_BASE_URL to the address itself: a token is never sent on to another',
    });
  }
  const isCursor = answer.code === 'validation_error' && answer.message.includes('start_cursor');
  return new SyncFailure(
    isCursor ? 'CursorLost' : 'BadRequest',
    `Notion refuses the request for ${what}: ${oneLine(answer.message)}`,
  );
}

function rateLimitFailure(answer: ErrorAnswer, { account }: FailureContext): SyncFailure {
  const reason = answer.additional['rate_limit_reason'];
  const wait = waitOf(answer);
  if (reason === 'public_api_request_blocked') {
    return new SyncFailure('Blocked', `Notion blocks the integration of account ${account}`, {
      hint: 'Notion lifts the block, not time alone: see the integration in Notion or ask its support',
      retryAfterMs: wait,
    });
  }
  const detail = typeof reason === 'string' ? ` (${oneLine(reason)})` : '';
  return new SyncFailure('RateLimited', `Notion limits the rate of account ${account}${detail}`, {
    retryAfterMs: wait,
  });
}

/** The header, else the body's copy of it. */
function waitOf(answer: ErrorAnswer): number {
  return (
    retryAfterMs(answer.header('retry-after'), answer.header('date')) ??
    retryAfterMs(answer.additional['retry_after'], null) ??
    DEFAULT_RETRY_AFTER_MS
  );
}

function answerOf(error: APIResponseError | UnknownHTTPResponseError): ErrorAnswer {
  // A code that the client does not list (missing_version) leaves the message in the body.
  const body = error instanceof UnknownHTTPResponseError ? jsonObject(error.body) : {};
  return {
    status: error.status,
    code: typeof body['code'] === 'string' ? body['code'] : error.code,
    message: typeof body['message'] === 'string' ? body['message'] : error.message,
    header: (name) => headerOf(error.headers, name),
    additional: asObject(error.additional_data ?? body['additional_data']),
  };
}

function headerOf(headers: unknown, name: string): string | null {
  if (!isObject(headers) || typeof headers['get'] !== 'function') return null;
  const value: unknown = headers['get'](name);
  return typeof value === 'string' ? value : null;
}

function jsonObject(text: string): JsonObject {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return {};
  }
}

const asObject = (value: unknown): JsonObject => (isObject(value) ? value : {});

/** `fetch failed` says nothing: the reason is its cause. */
function networkReason(thrown: unknown): string {
  const isWrapped = thrown instanceof Error && thrown.cause !== undefined;
  return oneLine(reasonOf(isWrapped ? thrown.cause : thrown));
}
