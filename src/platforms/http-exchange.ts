import { promisify } from 'node:util';
import { brotliDecompress, gunzip } from 'node:zlib';
import { request, type Dispatcher } from 'undici';
import { utf8Text } from './values/utf8-text.ts';

export interface HttpRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Whose sockets are used. */
  readonly dispatcher: Dispatcher;
  /** Ends the request at any time, its body included. */
  readonly signal: AbortSignal | null;
}

/** A whole answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly text: string;
  /** What `text` was decoded from, UTF-8. */
  readonly bytes: Buffer;
}

/** What is asked for: no `deflate`, which servers write in two ways. */
const DECODERS = new Map([
  ['gzip', promisify<Buffer, Buffer>(gunzip)],
  ['br', promisify<Buffer, Buffer>(brotliDecompress)],
]);
const ACCEPTED = [...DECODERS.keys()].join(', ');

/**
 * One request and its whole answer. Follows no redirect: a token goes to the host it was meant for and nowhere else.
 * Throws what undici throws for a network that fails, and Error for an answer that cannot be decoded. Not through
 * `fetch`: its web streams were a large part of what a page cost the worker.
 */
export async function exchange(asked: HttpRequest): Promise<HttpAnswer> {
  const { url, method, headers, body, dispatcher, signal } = asked;
  const answer = await request(url, {
    method,
    headers: { 'accept-encoding': ACCEPTED, ...headers },
    body,
    dispatcher,
    signal,
  });
  const header = (name: string) => {
    const value = answer.headers[name];
    return (Array.isArray(value) ? value.join(', ') : value) ?? null;
  };
  const sent = Buffer.from(await answer.body.arrayBuffer());
  const bytes = await decoded(sent, header('content-encoding'));
  return { status: answer.statusCode, header, text: utf8Text(bytes), bytes };
}

/** Takes compressions off, the last one first. */
async function decoded(sent: Buffer, encodings: string | null): Promise<Buffer> {
  let bytes = sent;
  for (const encoding of (encodings ?? '').toLowerCase().split(',').toReversed()) {
    const name = encoding.trim();
    if (name === '' || name === 'identity') continue;
    const decode = DECODERS.get(name);
    if (decode === undefined) throw new Error(`an answer in an unknown encoding (${name})`);
    bytes = await decode(bytes);
  }
  return bytes;
}
