import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { gunzipSync, inflateSync } from 'node:zlib';

/** Longest error text that is looked at. */
const MAX_ERROR_BYTES = 65_536;

// The client takes neither a signal nor a fetch of ours, and keeps headers and bodies of errors to
// itself. Node publishes every request and response of its http module: a request that is made inside
// `observe` finds its exchange through the async context, a response through its request.
const exchanges = new AsyncLocalStorage<Exchange>();
const exchangeOf = new WeakMap<ClientRequest, Exchange>();

subscribe('http.client.request.start', (message) => {
  const exchange = exchanges.getStore();
  if (exchange === undefined) return;
  const { request } = message as { readonly request: ClientRequest };
  exchangeOf.set(request, exchange);
  exchange.started(request);
});

subscribe('http.client.response.finish', (message) => {
  const { request, response } = message as {
    readonly request: ClientRequest;
    readonly response: IncomingMessage;
  };
  exchangeOf.get(request)?.answered(response);
});

/** One HTTP request of a client that was not made to be watched, and its answer. */
export class Exchange {
  /** Null until headers have come. */
  status: number | null = null;
  /** The server's clock, as its Date header has it. */
  date: string | null = null;
  retryAfter: string | null = null;
  readonly #signal: AbortSignal;
  readonly #over: Promise<never>;
  #giveUp: (reason: Error) => void = () => {};
  #request: ClientRequest | undefined;
  #errorBody: Buffer[] = [];
  #encoding: string | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#over = new Promise((_, reject) => {
      this.#giveUp = reject;
    });
  }

  /** Runs what makes the request; ends, body included, with the signal or with the connection. */
  async observe<T>(work: () => Promise<T>): Promise<T> {
    const end = () => {
      const reason = new Error('the request was ended');
      this.#request?.destroy(reason);
      this.#giveUp(reason);
    };
    this.#signal.addEventListener('abort', end, { once: true });
    try {
      return await Promise.race([exchanges.run(this, work), this.#over]);
    } finally {
      this.#signal.removeEventListener('abort', end);
    }
  }

  started(request: ClientRequest): void {
    this.#request = request;
  }

  /** Called when the answer's headers are there, before the client sees them. */
  answered(response: IncomingMessage): void {
    const { headers, statusCode = 0 } = response;
    this.status = statusCode;
    this.date = headers.date ?? null;
    this.retryAfter = headers['retry-after'] ?? null;
    this.#encoding = headers['content-encoding'];
    // The client would follow it: a token goes to the host it was meant for and nowhere else.
    delete headers.location;
    // The client waits for ever for the rest of an answer whose connection is gone.
    response.once('close', () => {
      if (!response.complete) this.#giveUp(new Error('the answer broke off'));
    });
    if (statusCode >= 400) this.#keepBody(response);
  }

  /** Text of an answer that is an error; empty for any other. */
  errorText(): string {
    const body = Buffer.concat(this.#errorBody);
    try {
      if (this.#encoding === 'gzip') return gunzipSync(body).toString();
      if (this.#encoding === 'deflate') return inflateSync(body).toString();
    } catch {
      return '';
    }
    return body.toString();
  }

  #keepBody(response: IncomingMessage): void {
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_ERROR_BYTES) this.#errorBody.push(chunk);
    });
  }
}
