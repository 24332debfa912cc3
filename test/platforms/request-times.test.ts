import http, { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, request } from 'undici';
import { watchTimes, type RequestTimes } from '../../src/platforms/request-times.ts';

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

/** What was told, in turn. */
function listen(): RequestTimes & { readonly told: ['left' | 'answered', number][] } {
  const told: ['left' | 'answered', number][] = [];
  return {
    told,
    left: (at) => told.push(['left', at]),
    answered: (at) => told.push(['answered', at]),
  };
}

const named = ({ told }: ReturnType<typeof listen>) => told.map(([name]) => name);

describe.each(Object.keys(clients))('the times of a request through %s', (name) => {
  const client = clients[name] as () => Promise<unknown>;

  it.each(['a new', 'a kept'])(
    'are told once, when it was sent over %s connection and not when it was made, and when it was answered',
    async () => {
      arrivals = [];
      const times = listen();
      let busyUntil = 0;
      await watchTimes(times, async () => {
        await Promise.resolve();
        beBusy();
        busyUntil = performance.now();
        return client();
      });
      expect(named(times)).toEqual(['left', 'answered']);
      const [left = 0, answered = 0] = times.told.map(([, at]) => at);
      expect(left).toBeGreaterThanOrEqual(busyUntil);
      expect(left).toBeLessThanOrEqual((arrivals[0] as number) + 1);
      expect(answered).toBeGreaterThanOrEqual(arrivals[0] as number);
    },
  );

  it('are told of each request apart when several are made at once', async () => {
    const several = [listen(), listen(), listen()];
    await Promise.all(several.map((times) => watchTimes(times, client)));
    for (const times of several) expect(named(times)).toEqual(['left', 'answered']);
  });

  it('are not told of a request that nobody watches', async () => {
    const times = listen();
    await watchTimes(times, client);
    await client();
    expect(named(times)).toEqual(['left', 'answered']);
  });
});
