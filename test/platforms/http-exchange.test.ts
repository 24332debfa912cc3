import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import { exchange } from '../../src/platforms/http-exchange.ts';

const TEXT = '{"name":"ü ✷ 🧭"}';
const dispatcher = new Agent();
let server: Server;
let answer: RequestListener = () => {};

beforeAll(async () => {
  server = createServer((request, response) => answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  await dispatcher.close();
  server.close();
});

const ask = (signal: AbortSignal | null = null) =>
  exchange({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    method: 'GET',
    headers: {},
    body: null,
    dispatcher,
    signal,
  });

const encoded = (encoding: string, body: Buffer): RequestListener => {
  return (_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body);
};

describe('an answer', () => {
  it.each([
    ['gzip', gzipSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['gzip, br', brotliCompressSync(gzipSync(TEXT))],
    ['identity', Buffer.from(TEXT)],
  ])('in the encoding %s is read as its text and its bytes', async (encoding, body) => {
    answer = encoded(encoding, body);
    expect(await ask()).toMatchObject({ status: 200, text: TEXT, bytes: Buffer.from(TEXT) });
  });

  it('in an encoding that was not asked for, or that is none, fails', async () => {
    answer = encoded('compress', Buffer.from(TEXT));
    await expect(ask()).rejects.toThrow('an answer in an unknown encoding (compress)');
    answer = encoded('gzip', Buffer.from(TEXT));
    await expect(ask()).rejects.toThrow('incorrect header check');
  });

  it('is not waited for once the signal ends it, also in the middle of its body', async () => {
    const stop = new AbortController();
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setImmediate(() => stop.abort(new Error('enough')));
    };
    await expect(ask(stop.signal)).rejects.toThrow();
  });

  it('asks for nothing that cannot be read', async () => {
    let accepted: string | undefined;
    answer = ({ headers }, response) => {
      accepted = headers['accept-encoding'] as string | undefined;
      response.end(TEXT);
    };
    await ask();
    expect(accepted).toBe('gzip, br');
  });
});
