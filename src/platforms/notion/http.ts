import { AsyncLocalStorage } from 'node:async_hooks';
import { Agent, fetch } from 'undici';

/**
 * One request as the client's `fetch` sees it. The client has no way to pass a signal or to hand out
 * headers, so both travel beside it.
 */
export interface Call {
  readonly signal: AbortSignal;
  /** The answer's Date header, once it is there. */
  date: string | null;
}

export const calls = new AsyncLocalStorage<Call>();

// Longer than the pause between two requests of a slow budget; Notion closes idle sockets later.
const KEEP_ALIVE_MS = 30_000;

type Init = Readonly<{ method?: string; headers?: Record<string, string>; body?: unknown }>;

/**
 * A `fetch` for the Notion client over a pool of its own. It reads the body before it answers, so that
 * the signal ends a stalled body as well as stalled headers, and follows no redirect: a token goes to
 * the host it was meant for and nowhere else.
 */
export function createFetch(poolSize: number) {
  const dispatcher = new Agent({
    connections: poolSize,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  });
  return async (url: string, init: Init = {}) => {
    const call = calls.getStore();
    const response = await fetch(url, {
      method: init.method ?? 'GET',
      headers: init.headers ?? {},
      body: typeof init.body === 'string' ? init.body : null,
      redirect: 'manual',
      dispatcher,
      signal: call?.signal ?? null,
    });
    const text = await response.text();
    if (call) call.date = response.headers.get('date');
    const { ok, status, headers } = response;
    return { ok, status, headers, text: () => Promise.resolve(text) };
  };
}
