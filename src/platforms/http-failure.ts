import { SyncFailure } from '../errors.ts';
import { withoutSecrets } from '../secrets.ts';

/** Whose request failed, and what it asked for. */
export interface FailureContext {
  readonly account: string;
  /** In words for an error message: `data source 1a2b…`. */
  readonly what: string;
}

/** An answer with an error status, as far as failures depend on it. */
export interface FailedHttpAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** The server's clock, as its Date header has it. */
  readonly date: string | null;
  /** What the answer says of itself, for people; empty when nothing. */
  readonly said: string;
}

const MIN_RETRY_AFTER_MS = 1_000;
const MAX_DETAIL = 300;

/** Statuses that the same request may be cured of by itself. */
export const isTransient = (status: number): boolean =>
  status >= 500 || status === 408 || status === 409 || status === 425;

/**
 * A Retry-After, as seconds or as a date by the server's own clock, in ms and at least a second; null when there is
 * none that can be understood.
 */
export function retryAfterMs(value: unknown, serverDate: string | null): number | null {
  if ((typeof value !== 'string' && typeof value !== 'number') || value === '') return null;
  const seconds = Number(value);
  const now = Date.parse(serverDate ?? '');
  const wait = Number.isFinite(seconds)
    ? seconds * 1000
    : Date.parse(String(value)) - (Number.isNaN(now) ? Date.now() : now);
  return Number.isNaN(wait) ? null : Math.max(MIN_RETRY_AFTER_MS, Math.ceil(wait));
}

/** One short line. Blanks secrets before it cuts: half a token would not be known for one. */
export const oneLine = (text: string): string =>
  withoutSecrets(text).replace(/\s+/g, ' ').slice(0, MAX_DETAIL);

/**
 * Classifies an error status by what HTTP says of it: for platforms that have nothing to add. Messages name what was
 * asked for and what the platform said of it.
 */
export function httpFailure(
  answer: FailedHttpAnswer,
  { account, what, title }: FailureContext & { readonly title: string },
): SyncFailure {
  const { status } = answer;
  const said = answer.said === '' ? '' : `: ${oneLine(answer.said)}`;
  const retry = retryAfterMs(answer.retryAfter, answer.date) ?? undefined;
  if (status < 400) {
    return new SyncFailure('Misconfigured', `${title}'s address redirects (${status})`, {
      hint: 'give the address itself: a token is never sent on to another',
    });
  }
  if (status === 401) {
    return new SyncFailure('Unauthorized', `${title} does not accept the token of ${account}`, {
      hint: `check the token of account ${account}: it may be mistyped or revoked`,
    });
  }
  if (status === 403) {
    return new SyncFailure('Forbidden', `${title} forbids ${what} to ${account}${said}`);
  }
  if (status === 404 || status === 410) {
    return new SyncFailure('NotFound', `${title} knows no ${what}${said}`);
  }
  if (status === 429) {
    return new SyncFailure('RateLimited', `${title} limits the rate of ${account}`, {
      retryAfterMs: retry,
    });
  }
  return isTransient(status)
    ? new SyncFailure('Unavailable', `${title} could not answer for ${what} (${status})${said}`, {
        retryAfterMs: retry,
      })
    : new SyncFailure('BadRequest', `${title} refuses ${what} (${status})${said}`);
}
