import { AsyncLocalStorage } from 'node:async_hooks';
import { Agent } from 'undici';
import { exchange } from '../http-exchange.ts';

/**
 * One request as the client's `fetch` sees it. The client has no way to pass a signal or to hand out
 * headers, so both travel beside it.
 */
export interface Call {
  readonly signal: AbortSignal;
  /** The answer's Date header, once it is there. */
  date: string | null;
  /** The answer's text as it came, UTF-8, once it is there. */
  bytes: Buffer | null;
}

export const calls = new AsyncLocalStorage<Call>();

// Longer than the pause between two requests of a slow budget; Notion closes idle sockets later.
const KEEP_ALIVE_MS = 30_000;

type Init = Readonly<{ method?: string; headers?: Record<string, string>; body?: unknown }>;

/**
 * A `fetch` for the Notion client over a pool of its own. It reads the body before it answers, so that
 * the signal ends a stalled body as well as stalled headers.
 */
export function createFetch(poolSize: number) {
  const dispatcher = new Agent({
    connections: poolSize,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  });
  return async (url: string, init: Init = {}) => {
    const call = calls.getStore();
    const { status, header, text, bytes } = await exchange({
      url,
      method: init.method === 'POST' ? 'POST' : 'GET',
      headers: init.headers ?? {},
      body: typeof init.body === 'string' ? init.body : null,
      dispatcher,
      signal: call?.signal ?? null,
    });
    if (call) Object.assign(call, { date: header('date'), bytes });
    const ok = status >= 200 && status < 300;
    return { ok, status, headers: { get: header }, text: () => Promise.resolve(text) };
  };
}
