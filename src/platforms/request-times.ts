import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';

/** Told of the first HTTP request of some work, in ms of `performance.now()`. */
export interface RequestTimes {
  /** It left this process. */
  left(at: number): void;
  /** The head of its answer is here. */
  answered(at: number): void;
}

// Between the call of a client and the first byte that it sends lie a busy event loop, a connection to be made and TLS.
// Node's http module and undici publish what becomes of a request; whoever made it is found through the async context.
const watchers = new AsyncLocalStorage<RequestTimes>();
const watcherOf = new WeakMap<object, RequestTimes>();

const left = (request: object) => watcherOf.get(request)?.left(performance.now());
const answered = (request: object) => watcherOf.get(request)?.answered(performance.now());

function watch(request: object): boolean {
  const watcher = watchers.getStore();
  if (watcher === undefined) return false;
  watcherOf.set(request, watcher);
  return true;
}

subscribe('http.client.request.start', (message) => {
  const { request } = message as { readonly request: ClientRequest };
  // Emitted when all of it was given to the system, over a socket that is connected.
  if (watch(request)) request.once('finish', () => left(request));
});

subscribe('http.client.response.finish', (message) => {
  answered((message as { readonly request: ClientRequest }).request);
});

subscribe('undici:request:create', (message) => {
  watch((message as { readonly request: object }).request);
});

subscribe('undici:client:sendHeaders', (message) => {
  left((message as { readonly request: object }).request);
});

subscribe('undici:request:headers', (message) => {
  answered((message as { readonly request: object }).request);
});

/**
 * Runs `work` and tells `times` when an HTTP request that it makes leaves this process and when it is answered: through
 * node:http(s), through undici or through Node's own `fetch`.
 */
export function watchTimes<T>(times: RequestTimes, work: () => Promise<T>): Promise<T> {
  return watchers.run(times, work);
}
