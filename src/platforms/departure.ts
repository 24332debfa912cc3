import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';

type OnDeparture = (at: number) => void;

// Between the call of a client and the first byte that it sends lie a busy event loop, a connection to be made and TLS.
// Node's http module and undici publish what becomes of a request; whoever made it is found through the async context.
const watchers = new AsyncLocalStorage<OnDeparture>();
const watcherOf = new WeakMap<object, OnDeparture>();

const tell = (request: object) => watcherOf.get(request)?.(performance.now());

function watch(request: object): boolean {
  const watcher = watchers.getStore();
  if (watcher === undefined) return false;
  watcherOf.set(request, watcher);
  return true;
}

subscribe('http.client.request.start', (message) => {
  const { request } = message as { readonly request: ClientRequest };
  // Emitted when all of it was given to the system, over a socket that is connected.
  if (watch(request)) request.once('finish', () => tell(request));
});

subscribe('undici:request:create', (message) => {
  watch((message as { readonly request: object }).request);
});

subscribe('undici:client:sendHeaders', (message) => {
  tell((message as { readonly request: object }).request);
});

/**
 * Runs `work` and calls `onDeparture` with the time, in ms of `performance.now()`, when an HTTP request that it makes
 * leaves this process: through node:http(s), through undici or through Node's own `fetch`.
 */
export function watchDeparture<T>(onDeparture: OnDeparture, work: () => Promise<T>): Promise<T> {
  return watchers.run(onDeparture, work);
}
