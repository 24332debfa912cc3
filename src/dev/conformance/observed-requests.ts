import { SyncFailure } from '../../errors.ts';
import type { RateRule, Requests } from '../../platforms/platform.ts';
import type { RateBudget } from '../../platforms/rate-limit.ts';
import { createRequests } from '../../platforms/requests.ts';

/** What went through `requests.send` of all sessions of a subject. */
export interface Traffic {
  sent: number;
  readonly rules: RateRule[];
  /** Whatever requests threw, as they threw it. */
  readonly thrown: unknown[];
}

export interface RequestControl {
  readonly signal?: AbortSignal;
  /** Waited for before each request; gets its number, from 1. */
  readonly beforeRequest?: (n: number) => unknown;
  /** Called once a request is on its way. */
  readonly onSent?: () => void;
}

const UNLIMITED: RateBudget = {
  take: async () => ({
    state: 'granted',
    wait_ms: 0,
    go_at: 0,
    look_again: false,
    clock_ahead: 0,
  }),
  arrivesBy: async (_rules, grant) => grant,
  block: async () => {},
  status: async () => [],
};

/** The requests that a worker gives to platforms, but without a budget, and with waits that take no time. */
export function observedRequests(traffic: Traffic, control: RequestControl = {}): Requests {
  const requests = createRequests({
    budget: UNLIMITED,
    account: 'conformance',
    poolSize: 10,
    signal: control.signal ?? new AbortController().signal,
    count: () => {},
    sleep: async () => {},
  });
  let n = 0;
  return {
    send: (rules, request) => {
      traffic.rules.push(...rules);
      return requests.send(rules, async (signal) => {
        n += 1;
        await control.beforeRequest?.(n);
        traffic.sent += 1;
        const answer = request(signal);
        control.onSent?.();
        return answer.catch((thrown: unknown) => {
          traffic.thrown.push(thrown);
          throw thrown;
        });
      });
    },
  };
}

/** What was thrown, in words: the type of a failure, the class of anything else. */
export function nameOf(thrown: unknown): string {
  if (thrown instanceof SyncFailure) return `${thrown.type} (${thrown.message})`;
  return thrown instanceof Error
    ? `${thrown.name}, which is no SyncFailure (${thrown.message})`
    : `${typeof thrown}, which is no SyncFailure`;
}
