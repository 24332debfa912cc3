import { SyncFailure } from '../../errors.ts';
import { isTransient, oneLine, retryAfterMs, type FailureContext } from '../http-failure.ts';
import { isObject, type JsonObject } from '../values/json-object.ts';

/** Anything but a 200 with whole JSON. */
export interface FailedAnswer {
  /** Null when there was no answer at all. */
  readonly status: number | null;
  readonly retryAfter: string | null;
  /** The server's clock. */
  readonly date: string | null;
  /** Body of an answer with an error status. */
  readonly text: string;
  /** What the client says of it. */
  readonly reason: string;
}

/** After a request too many Airtable refuses everything for 30 s, and seldom says so. */
const LOCKOUT_MS = 30_000;
/** A month's calls are used up: ask again now and then, in case the plan was changed. */
const BILLING_RETRY_MS = 60 * 60_000;

/**
 * Classifies a request that failed. Messages name what was asked for and what Airtable said of it; they
 * hold no token and nothing of an answer that was not an error.
 */
export function airtableFailure(answer: FailedAnswer, context: FailureContext): SyncFailure {
  const { status } = answer;
  const { account, what } = context;
  const error = errorOf(answer.text);
  if (status === null) return noAnswer(answer, what);
  if (status < 300) {
    return new SyncFailure('Unavailable', `Airtable's answer for ${what} is not whole JSON`);
  }
  if (status < 400) {
    return new SyncFailure('Misconfigured', `Airtable's address redirects (${status})`, {
      hint: 'set AIRTABLE_ENDPOINT_URL to the address itself: a token is never sent on to another',
    });
  }
  if (status === 401) {
    return new SyncFailure(
      'Unauthorized',
      `Airtable does not accept the token of account ${account}`,
      {
        hint: `check the token of account ${account} (AIRTABLE_TOKEN): it may be mistyped or revoked`,
      },
    );
  }
  if (status === 403) {
    return new SyncFailure('Forbidden', `Airtable forbids ${what} to the token of ${account}`, {
      hint: 'it may not exist, or the token lacks access to the base or a scope: data.records:read and schema.bases:read',
    });
  }
  if (status === 404) {
    return new SyncFailure('NotFound', `Airtable knows no ${what}`, {
      hint: 'check base and table in the catalog: it may have been deleted',
    });
  }
  if (status === 429) return refused(answer, error, context);
  return isTransient(status) ? unavailable(answer, error, what) : badRequest(status, error, what);
}

/** The client's message quotes the address, filters and all: what matters comes after `reason:`. */
function noAnswer({ reason }: FailedAnswer, what: string): SyncFailure {
  const why = oneLine(reason.replace(/^.*\breason: /s, '').replace(/https?:\S+/g, 'its address'));
  return new SyncFailure('Unavailable', `Airtable gave no answer for ${what}: ${why}`, {
    hint: 'check the network, and AIRTABLE_ENDPOINT_URL when it is set',
  });
}

/** One status, two meanings: too many requests at once, or none left this month. */
function refused(answer: FailedAnswer, error: ApiError, { account }: FailureContext): SyncFailure {
  if (error.type.includes('BILLING')) {
    return new SyncFailure('Blocked', `Airtable's API calls of this month are used up`, {
      hint: `the workspace of account ${account} needs another plan, or waits for the next month`,
      retryAfterMs: Math.max(BILLING_RETRY_MS, waitOf(answer) ?? 0),
    });
  }
  return new SyncFailure('RateLimited', `Airtable limits the rate of ${account}`, {
    retryAfterMs: waitOf(answer) ?? LOCKOUT_MS,
  });
}

function unavailable(answer: FailedAnswer, error: ApiError, what: string): SyncFailure {
  const detail = [answer.status, error.type].filter((part) => part !== '').join(' ');
  return new SyncFailure('Unavailable', `Airtable could not answer for ${what} (${detail})`, {
    retryAfterMs: waitOf(answer),
  });
}

function badRequest(status: number, error: ApiError, what: string): SyncFailure {
  if (error.type === 'LIST_RECORDS_ITERATOR_NOT_AVAILABLE') {
    return new SyncFailure('CursorLost', `Airtable has given up the listing of ${what}`);
  }
  const said = error.message || error.type || `status ${status}`;
  const hint =
    error.type === 'VIEW_NAME_NOT_FOUND'
      ? 'check the view in the catalog: it may have been deleted'
      : undefined;
  return new SyncFailure(
    'BadRequest',
    `Airtable refuses the request for ${what}: ${oneLine(said)}`,
    {
      hint,
    },
  );
}

const waitOf = ({ retryAfter, date }: FailedAnswer) => retryAfterMs(retryAfter, date) ?? undefined;

interface ApiError {
  readonly type: string;
  readonly message: string;
}

/** Three shapes are known: `{"error":{type,message}}`, `{"error":"NOT_FOUND"}`, `{"errors":[…]}`. */
function errorOf(text: string): ApiError {
  const body = jsonObject(text);
  const [first] = Array.isArray(body['errors']) ? (body['errors'] as unknown[]) : [];
  const error = body['error'] ?? first;
  if (typeof error === 'string') return { type: error, message: '' };
  const { type, error: name, message } = asObject(error);
  const kind = typeof type === 'string' ? type : name;
  return {
    type: typeof kind === 'string' ? kind : '',
    message: typeof message === 'string' ? message : '',
  };
}

function jsonObject(text: string): JsonObject {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return {};
  }
}

const asObject = (value: unknown): JsonObject => (isObject(value) ? value : {});
