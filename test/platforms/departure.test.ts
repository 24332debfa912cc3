import http, { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, request } from 'undici';
import { watchDeparture } from '../../src/platforms/departure.ts';

const BUSY_MS = 60;

let server: Server;
let url: string;
let arrivals: number[] = [];

beforeAll(async () => {
  server = createServer((_, answer) => {
    arrivals.push(performance.now());
    answer.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  await agent.close();
  keepAlive.destroy();
  server.closeAllConnections();
  server.close();
});

const agent = new Agent();
const keepAlive = new http.Agent({ keepAlive: true });

const get = (of: http.Agent) =>
  new Promise<void>((resolve, reject) => {
    http
      .get(url, { agent: of }, (answer) => answer.resume().once('end', resolve))
      .once('error', reject);
  });

const clients: Record<string, () => Promise<unknown>> = {
  undici: async () => (await request(url, { dispatcher: agent })).body.text(),
  'node:http': () => get(keepAlive),
  fetch: async () => (await fetch(url)).text(),
};

/** Keeps the event loop. */
function beBusy(): void {
  const end = performance.now() + BUSY_MS;
  while (performance.now() < end);
}

describe.each(Object.keys(clients))('the departure of a request through %s', (name) => {
  const client = clients[name] as () => Promise<unknown>;

  it.each(['a new', 'a kept'])(
    'is told once, when it was sent over %s connection and not when it was made',
    async () => {
      arrivals = [];
      const departures: number[] = [];
      let busyUntil = 0;
      await watchDeparture(
        (at) => departures.push(at),
        async () => {
          await Promise.resolve();
          beBusy();
          busyUntil = performance.now();
          return client();
        },
      );
      expect(departures).toHaveLength(1);
      expect(departures[0]).toBeGreaterThanOrEqual(busyUntil);
      expect(departures[0]).toBeLessThanOrEqual((arrivals[0] as number) + 1);
    },
  );

  it('is told of each request apart when several are made at once', async () => {
    const told = [0, 0, 0];
    await Promise.all(
      told.map((_, i) =>
        watchDeparture(() => {
          told[i] = (told[i] as number) + 1;
        }, client),
      ),
    );
    expect(told).toEqual([1, 1, 1]);
  });

  it('is not told of a request that nobody watches', async () => {
    const departures: number[] = [];
    await watchDeparture((at) => departures.push(at), client);
    await client();
    expect(departures).toHaveLength(1);
  });
});
