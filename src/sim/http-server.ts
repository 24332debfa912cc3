import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { SimClock } from './clock.ts';
import { isObject } from './exchange.ts';
import type { Platform, SimAnswer, SimRequest } from './exchange.ts';
import { answerOf } from './faults.ts';
import type { FaultEffect, FaultPlan } from './faults.ts';
import type { RequestLog } from './request-log.ts';

/** What the server hands requests to. */
export interface Served {
  readonly clock: SimClock;
  readonly log: RequestLog;
  readonly faults: FaultPlan;
  readonly answer: (request: SimRequest) => SimAnswer;
  readonly latencyMs: (platform: Platform) => number;
  /** Requests under `/_sim/`, which are neither logged nor disturbed. */
  readonly control: (method: string, url: URL, body: string) => Promise<SimAnswer>;
}

/** Listens on 127.0.0.1 only; port 0 takes a free one. */
export async function listen(served: Served, port: number): Promise<Server> {
  let serial = 0;
  const server = createServer((incoming, response) => {
    handle(served, incoming, response, () => (serial += 1)).catch((error: unknown) => {
      // A mistake in the simulator must be visible to whoever called it, never a hanging request.
      if (response.headersSent) response.destroy();
      else send(response, served.clock, { status: 500, body: `simulator: ${String(error)}` });
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

/** Stops listening and ends every connection at once, stalled answers included. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await closed;
}

async function handle(
  served: Served,
  incoming: IncomingMessage,
  response: ServerResponse,
  nextSerial: () => number,
): Promise<void> {
  const arrived = performance.now();
  const time = served.clock.now();
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
  const body = await readBody(incoming);
  const method = incoming.method ?? 'GET';
  if (url.pathname.startsWith('/_sim/')) {
    send(response, served.clock, await served.control(method, url, body));
    return;
  }
  const request: SimRequest = {
    serial: nextSerial(),
    platform: url.pathname.startsWith('/v0/') ? 'airtable' : 'notion',
    method,
    path: url.pathname,
    query: url.searchParams,
    headers: headersOf(incoming),
    token: /^Bearer (.+)$/.exec(incoming.headers.authorization ?? '')?.[1] ?? null,
    body,
  };
  const effect = served.faults.take(request);
  const { status, bytes } = await reply(served, request, response, effect);
  const answered = performance.now();
  const { serial, platform, path, token } = request;
  const fault = effect?.kind ?? null;
  const asked = { serial, platform, method, path, token, query: url.search.slice(1) };
  const times = { time, arrived, answered };
  served.log.add({ ...asked, ...times, body: parsed(body), status, bytes, fault });
}

interface Sent {
  /** 0 when no status was sent. */
  readonly status: number;
  readonly bytes: number;
}

async function reply(
  served: Served,
  request: SimRequest,
  response: ServerResponse,
  effect: FaultEffect | null,
): Promise<Sent> {
  const nothing = { status: 0, bytes: 0 };
  const wait = served.latencyMs(request.platform) + (effect?.kind === 'delay' ? effect.ms : 0);
  if (effect?.kind === 'stall headers') return nothing;
  if (effect?.kind === 'reset' && effect.afterBytes === undefined) {
    if (wait > 0) await delay(wait);
    response.socket?.resetAndDestroy();
    return nothing;
  }
  if (effect?.kind === 'run') effect.run();
  // Limits count what arrives: an answer that takes long must not move its request into a later window.
  const answer = (effect === null ? null : answerOf(effect)) ?? served.answer(request);
  if (wait > 0) await delay(wait);
  const shown = effect?.kind === 'repeat cursor' ? withSameCursor(answer, request) : answer;
  return { status: shown.status, bytes: send(response, served.clock, shown, effect) };
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function headersOf(incoming: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
  );
}

function parsed(body: string): unknown {
  if (body === '') return null;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** Sends an answer, or as much of it as the effect lets through; returns the bytes sent. */
function send(
  response: ServerResponse,
  clock: SimClock,
  answer: SimAnswer,
  effect: FaultEffect | null = null,
): number {
  const json = typeof answer.body !== 'string';
  const bytes = Buffer.from(json ? JSON.stringify(answer.body) : String(answer.body), 'utf8');
  const partial =
    effect?.kind === 'truncate' || effect?.kind === 'stall body' || effect?.kind === 'reset';
  const sent = partial ? bytes.subarray(0, effect.afterBytes) : bytes;
  const length = effect?.kind === 'truncate' ? sent.length : bytes.length;
  response.sendDate = false;
  response.writeHead(answer.status, {
    'content-type': json ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8',
    date: new Date(clock.now()).toUTCString(),
    ...answer.headers,
    'content-length': length,
  });
  if (effect?.kind === 'stall body') response.write(sent);
  else if (effect?.kind === 'reset') {
    response.write(sent, () => response.socket?.resetAndDestroy());
  } else response.end(sent);
  return sent.length;
}

/** A list whose cursor leads to itself, as a rare server bug does. */
function withSameCursor(answer: SimAnswer, request: SimRequest): SimAnswer {
  if (!isObject(answer.body)) return answer;
  const key = request.platform === 'airtable' ? 'offset' : 'next_cursor';
  const body = parsed(request.body);
  const given = isObject(body) ? (body.start_cursor ?? body.offset) : undefined;
  const cursor = given ?? request.query.get('offset') ?? answer.body[key];
  const more = key === 'next_cursor' ? { has_more: true } : {};
  return { ...answer, body: { ...answer.body, [key]: cursor, ...more } };
}
