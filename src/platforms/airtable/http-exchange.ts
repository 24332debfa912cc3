import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { gunzipSync, inflateSync } from 'node:zlib';

/** What one HTTP request met, as far as the client does not tell. */
export interface Exchange {
  status: number | null;
  /** The server's clock, as its Date header has it. */
  date: string | null;
  retryAfter: string | null;
  /** Text of an answer that is an error; empty for any other. */
  errorText: () => string;
  request: ClientRequest | null;
}

/** Longest error text that is looked at. */
const MAX_ERROR_BYTES = 65_536;

// The client takes neither a signal nor a fetch of ours, and keeps headers and bodies of errors to
// itself. Node publishes every request and response of its http module: those that are made inside
// `observe` find their exchange through the async context, their responses through the request.
const exchanges = new AsyncLocalStorage<Exchange>();
const exchangeOf = new WeakMap<ClientRequest, Exchange>();

subscribe('http.client.request.start', (message) => {
  const exchange = exchanges.getStore();
  if (exchange === undefined) return;
  const { request } = message as { readonly request: ClientRequest };
  exchange.request = request;
  exchangeOf.set(request, exchange);
});

subscribe('http.client.response.finish', (message) => {
  const { request, response } = message as {
    readonly request: ClientRequest;
    readonly response: IncomingMessage;
  };
  const exchange = exchangeOf.get(request);
  if (exchange !== undefined) note(exchange, response);
});

/** Called when an answer's headers are there, before the client sees them. */
function note(exchange: Exchange, response: IncomingMessage): void {
  const { headers, statusCode = 0 } = response;
  exchange.status = statusCode;
  exchange.date = headers.date ?? null;
  exchange.retryAfter = headers['retry-after'] ?? null;
  // The client would follow it: a token goes to the host it was meant for and nowhere else.
  delete headers.location;
  if (statusCode < 400) return;
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_ERROR_BYTES) chunks.push(chunk);
  });
  exchange.errorText = () => decoded(Buffer.concat(chunks), headers['content-encoding']);
}

function decoded(body: Buffer, encoding: string | undefined): string {
  try {
    if (encoding === 'gzip') return gunzipSync(body).toString();
    if (encoding === 'deflate') return inflateSync(body).toString();
  } catch {
    return '';
  }
  return body.toString();
}

/**
 * Runs one request of the client and watches it. The request, headers and body, ends when the signal
 * does; `work` then throws whatever the client makes of that.
 */
export async function observe<T>(
  signal: AbortSignal,
  work: (exchange: Readonly<Exchange>) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const exchange: Exchange = {
    status: null,
    date: null,
    retryAfter: null,
    errorText: () => '',
    request: null,
  };
  const end = () => exchange.request?.destroy(new Error('the request was ended'));
  signal.addEventListener('abort', end, { once: true });
  try {
    return await exchanges.run(exchange, () => work(exchange));
  } finally {
    signal.removeEventListener('abort', end);
  }
}
