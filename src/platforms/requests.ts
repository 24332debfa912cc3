import { setTimeout as delay } from 'node:timers/promises';
import type { SyncMetrics } from '../contract/metrics.ts';
import { SyncFailure } from '../errors.ts';
import { followRequest } from './arrival.ts';
import { askTogether } from './ask-together.ts';
import type { RateRule, Requests } from './platform.ts';
import type { Granted, RateBudget } from './rate-limit.ts';
import { enterPool } from './request-pool.ts';

/** A wait that is longer than this is left to Temporal. */
const LONGEST_WAIT_MS = 60_000;
/** Times that one request may be refused with 429 before Temporal takes over. */
const MAX_REFUSALS = 3;
/** All of one request, its waits and refusals included, stays below this. */
const TOTAL_MS = 120_000;
/** A platform that refuses without naming a time. */
const UNNAMED_WAIT_MS = 30_000;
const SHORTEST_WAIT_MS = 1_000;

export interface RequestsOptions {
  readonly budget: RateBudget;
  readonly account: string;
  /** Whether the rate was given for this run (`--rate-limit`): then it goes before the account's own. */
  readonly asked?: boolean;
  /** The run that the requests are made for, if any. */
  readonly runId?: string;
  /** Cancels waiting and requests: its reason is what `send` throws. */
  readonly signal: AbortSignal;
  /** Most requests in flight for this account in this process, those that wait for a grant included. */
  readonly poolSize: number;
  readonly count: (
    metrics: Partial<Pick<SyncMetrics, 'requests' | 'rate_limited' | 'waited_ms'>>,
  ) => void;
  /** Told when waiting for the budget begins and, with null, when it ends. */
  readonly onWait?: (until: Date | null) => void;
  /** For headers and body together. Default 30 s. */
  readonly timeoutMs?: number;
  readonly now?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

type Context = Required<Omit<RequestsOptions, 'onWait' | 'runId'>> &
  Pick<RequestsOptions, 'onWait' | 'runId'>;

/** Requests of one activity or command: within the budget, counted, cancellable, a 429 waited out. */
export function createRequests(options: RequestsOptions): Requests {
  const context: Context = {
    asked: false,
    timeoutMs: 30_000,
    now: () => Date.now(),
    sleep: (ms, signal) => delay(ms, undefined, { signal }),
    ...options,
  };
  return {
    send(rules, request, { timeout_ms: timeoutMs = context.timeoutMs, shared_as } = {}) {
      const timed = { ...context, timeoutMs };
      if (shared_as === undefined) return sendInPool(timed, rules, request);
      // The narrowest rule names the token, and what of the account is asked.
      return askTogether(`${rules[0]?.key} ${shared_as}`, context.signal, (leaves) =>
        sendInPool(timed, rules, (signal) => {
          leaves();
          return request(signal);
        }),
      );
    },
  };
}

async function sendInPool<T>(
  context: Context,
  rules: readonly RateRule[],
  request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { account, poolSize, signal } = context;
  const leave = await enterPool(account, poolSize, signal);
  try {
    return await sendPatiently(context, rules, request);
  } finally {
    leave();
  }
}

async function sendPatiently<T>(
  context: Context,
  rules: readonly RateRule[],
  request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const giveUpAt = context.now() + TOTAL_MS;
  for (let refusals = 1; ; refusals += 1) {
    const grant = await waitForGrant(context, rules, giveUpAt);
    try {
      return await sendOnce(context, (signal) =>
        followRequest(context.budget, rules, grant, () => request(signal)),
      );
    } catch (error) {
      if (!(error instanceof SyncFailure)) throw error;
      const wait = await stopOthers(context, rules, error);
      const again =
        error.type === 'RateLimited' &&
        wait <= LONGEST_WAIT_MS &&
        refusals < MAX_REFUSALS &&
        context.now() + wait < giveUpAt;
      if (!again) throw error.type === 'RateLimited' ? rateLimited(error.message, wait) : error;
    }
  }
}

/** Returns when a request may leave. Holds no database connection while it waits. */
async function waitForGrant(
  context: Context,
  rules: readonly RateRule[],
  giveUpAt: number,
): Promise<Granted> {
  let held: number | null = null;
  for (;;) {
    context.signal.throwIfAborted();
    const grant = await context.budget.take(rules, context, held);
    if (grant.state !== 'granted') {
      throw rateLimited(grant.reason ?? 'the rate budget is used up', grant.wait_ms);
    }
    if (!grant.look_again) return grant;
    if (context.now() + grant.wait_ms > giveUpAt) {
      throw rateLimited('the rate budget is used up', grant.wait_ms);
    }
    if (grant.wait_ms > 0) await wait(context, grant.wait_ms);
    held = grant.go_at;
  }
}

async function wait(context: Context, ms: number): Promise<void> {
  const started = context.now();
  context.onWait?.(new Date(started + ms));
  try {
    await context.sleep(ms, context.signal);
  } catch (error) {
    // A timer rejects with an AbortError of its own.
    throw context.signal.aborted ? context.signal.reason : error;
  } finally {
    context.onWait?.(null);
    context.count({ waited_ms: Math.round(context.now() - started) });
  }
}

/**
 * One attempt under a signal that ends with the caller's or after the time-out. Not `AbortSignal.any`
 * over `AbortSignal.timeout`: nothing but the request would keep that from being collected.
 */
async function sendOnce<T>(
  { signal, timeoutMs, count }: Context,
  request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const ending = new AbortController();
  const cancel = () => ending.abort(signal.reason);
  const timer = setTimeout(() => {
    ending.abort(new DOMException(`no whole answer within ${timeoutMs / 1000} s`, 'TimeoutError'));
  }, timeoutMs);
  signal.addEventListener('abort', cancel, { once: true });
  count({ requests: 1 });
  try {
    return await request(ending.signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SyncFailure || !ending.signal.aborted) throw error;
    throw new SyncFailure('Unavailable', ending.signal.reason.message, { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
  }
}

/** A refusal is news for every worker. Returns how long it holds. */
async function stopOthers(
  context: Context,
  rules: readonly RateRule[],
  failure: SyncFailure,
): Promise<number> {
  const { type, message, retryAfterMs } = failure;
  if (type === 'RateLimited') {
    const wait = retryAfterMs ?? UNNAMED_WAIT_MS;
    context.count({ rate_limited: 1 });
    await context.budget.block(rules, wait, message);
    return wait;
  }
  if (type === 'Blocked' && retryAfterMs !== undefined) {
    // What blocks one base need not block the account's others: the narrowest rule comes first.
    await context.budget.block(rules.slice(0, 1), retryAfterMs, message);
  }
  return 0;
}

const rateLimited = (message: string, ms: number) =>
  new SyncFailure('RateLimited', message, { retryAfterMs: Math.max(SHORTEST_WAIT_MS, ms) });
