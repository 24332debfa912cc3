import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rm } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { unlimited } from '../airtable/session.ts';
import { createWorkplace, read, type Workplace } from './session.ts';

interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly host: string | undefined;
  readonly authorization: string | undefined;
}

/** What a server has under one path; headers are computed as they are asked for. */
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let place: Workplace;
let answers: Map<string, Answer>;
let asked: Asked[];
let port: number;
let close: () => Promise<void>;

beforeEach(async () => {
  place = await createWorkplace();
  answers = new Map();
  asked = [];
  const server = createServer((request, response) => {
    const { method, url: path, headers } = request;
    asked.push({ method, path, host: headers.host, authorization: headers.authorization });
    const answer = answers.get(path ?? '');
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
  close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
});
afterEach(async () => {
  await close();
  await place.remove();
});

const CSV = 'id,a\n1,x\n2,y\n3,z\n';
const url = (path: string, host = '127.0.0.1') => `http://${host}:${port}${path}`;

/** Serves a text with these headers. */
const text =
  (content: string | Buffer, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_, response) => {
    response.writeHead(200, { 'content-length': Buffer.byteLength(content), ...headers });
    response.end(content);
  };

const methods = () => asked.map(({ method }) => method);

describe('a file behind an address', () => {
  it('is sent once for each version, however many batches read it', async () => {
    answers.set('/a.csv', text(CSV, { etag: '"1"' }));
    const ref = place.ref({ url: url('/a.csv'), key: 'id' });
    const { requests, sent } = unlimited();
    const found = await read(place.connect(requests), ref, { batch: 1 });
    expect(found.ids).toEqual(['1', '2', '3']);
    expect(methods().filter((method) => method === 'GET')).toHaveLength(1);
    expect(sent).toHaveLength(asked.length);
    expect(sent[0]).toEqual([expect.objectContaining({ key: `files:f1:127.0.0.1:${port}` })]);
    asked = [];
    expect(await place.connect().readVersion?.(ref)).toMatchObject({ version: found.version });
    expect(methods()).toEqual(['HEAD']);
  });

  it('is sent again to a process that lacks it, and read on from where it was', async () => {
    answers.set('/a.csv.gz', text(gzipSync(CSV), { etag: '"1"' }));
    const ref = place.ref({ url: url('/a.csv.gz'), key: 'id' });
    const found = await read(place.connect(), ref, {
      batch: 1,
      onBatch: () => rm(place.spool, { recursive: true }),
    });
    expect(found.ids).toEqual(['1', '2', '3']);
  });

  it.each([
    ['an ETag', (n: number) => ({ etag: `"${n}"` })],
    ['a date', (n: number) => ({ 'last-modified': new Date(1e12 + n * 1000).toUTCString() })],
    ['nothing', () => ({})],
  ])(
    'that %s tells of is another version when it changed, and else the same',
    async (_, headers) => {
      const ref = place.ref({ url: url('/a.csv'), key: 'id' });
      answers.set('/a.csv', text(CSV, headers(1)));
      const version = async () => (await place.connect().readVersion?.(ref))?.version;
      const first = await version();
      expect((await read(place.connect(), ref)).version).toBe(first);
      expect(await version()).toBe(first);
      answers.set('/a.csv', text(CSV.replace('x', 'w'), headers(2)));
      expect(await version()).not.toBe(first);
    },
  );

  it('that changes between two batches loses the scan', async () => {
    answers.set('/a.csv', text(CSV));
    const ref = place.ref({ url: url('/a.csv'), key: 'id' });
    const reading = read(place.connect(), ref, {
      batch: 1,
      onBatch: async () => {
        answers.set('/a.csv', text(CSV.replace('z', 'w')));
        await rm(place.spool, { recursive: true });
      },
    });
    await expect(reading).rejects.toMatchObject({ type: 'CursorLost' });
  });

  it('is read where HEAD is refused', async () => {
    answers.set('/a.csv', (request, response) => {
      if (request.method === 'HEAD') response.writeHead(403).end();
      else text(CSV, { etag: '"1"' })(request, response);
    });
    const found = await read(place.connect(), place.ref({ url: url('/a.csv'), key: 'id' }));
    expect([found.version, found.ids]).toEqual(['etag:"1"', ['1', '2', '3']]);
  });

  it.each([
    [401, 'Forbidden'],
    [404, 'NotFound'],
    [429, 'RateLimited'],
    [500, 'Unavailable'],
  ])('that is answered with %i fails as %s', async (status, type) => {
    answers.set('/a.csv', (_, response) => void response.writeHead(status).end());
    const ref = place.ref({ url: url('/a.csv') });
    await expect(place.connect().describe(ref)).rejects.toMatchObject({ type });
  });

  it('that ends too early fails, and is not taken for whole', async () => {
    answers.set('/a.csv', (_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write(CSV);
      setImmediate(() => response.destroy());
    });
    const ref = place.ref({ url: url('/a.csv') });
    await expect(place.connect().describe(ref)).rejects.toMatchObject({ type: 'Unavailable' });
  });
});

describe('a token', () => {
  const token = 'secret-of-files';

  it('goes with every request to its host', async () => {
    answers.set('/a.csv', text(CSV, { etag: '"1"' }));
    const ref = place.ref({ url: url('/a.csv') });
    await place.connect(undefined, { token }).describe(ref);
    expect(asked.map(({ authorization }) => authorization)).toEqual([
      `Bearer ${token}`,
      `Bearer ${token}`,
    ]);
  });

  it('goes to no other host, whoever redirects there', async () => {
    answers.set('/there.csv', text(CSV, { etag: '"1"' }));
    answers.set(
      '/a.csv',
      (_, response) =>
        void response.writeHead(302, { location: url('/there.csv', 'localhost') }).end(),
    );
    const ref = place.ref({ url: url('/a.csv'), key: 'id' });
    const session = place.connect(undefined, { token });
    expect((await read(session, ref)).ids).toEqual(['1', '2', '3']);
    const elsewhere = asked.filter(({ path }) => path === '/there.csv');
    expect(elsewhere.length).toBeGreaterThan(0);
    for (const one of elsewhere) {
      expect(one).toMatchObject({ host: `localhost:${port}`, authorization: undefined });
    }
  });

  it('is not sent where others could read it', async () => {
    answers.set(
      '/a.csv',
      (_, response) =>
        void response.writeHead(302, { location: 'http://files.example/a.csv' }).end(),
    );
    const ref = place.ref({ url: url('/a.csv') });
    const describing = place.connect(undefined, { token }).describe(ref);
    await expect(describing).rejects.toMatchObject({ type: 'Misconfigured' });
  });
});
