import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  NO_LIMITS,
  simpleWorld,
  startSimulator,
  type FaultEffect,
  type Simulator,
} from '../../../src/sim/simulator.ts';
import { until } from '../../support/until.ts';
import { connect, refOf, scan, unlimited } from './session.ts';

let simulator: Simulator;
afterEach(() => simulator.close());

async function setUp(...effects: readonly FaultEffect[]) {
  simulator = await startSimulator({
    world: simpleWorld({ airtable: { Deals: 30 } }),
    airtable: NO_LIMITS.airtable,
    faults: effects.map((effect) => ({ path: '/tbl', effect })),
  });
  return refOf(simulator, 'Deals');
}

/** The failure that a listing ends with, whatever a fault makes of its first answer. */
async function failureOf(effect: FaultEffect, timeoutMs?: number) {
  const ref = await setUp(effect);
  const session = connect(simulator.airtableUrl, unlimited(timeoutMs).requests);
  return scan(session, ref).then(
    () => null,
    (failure: unknown) => failure,
  );
}

const answer = (status: number, body: unknown, headers = {}): FaultEffect => ({
  kind: 'answer',
  status,
  body,
  headers,
});
const named = (name: Extract<FaultEffect, { kind: 'named' }>['name'], retryAfter?: number) =>
  ({ kind: 'named', name, ...(retryAfter === undefined ? {} : { retryAfter }) }) as const;

describe('a request that Airtable refuses', () => {
  it.each([
    ['for its token', named('airtable unauthenticated'), 'Unauthorized'],
    ['for its permissions', named('airtable forbidden'), 'Forbidden'],
    ['for what it names', answer(404, { error: 'NOT_FOUND' }), 'NotFound'],
    [
      'for its size',
      answer(413, { error: { type: 'REQUEST_TOO_LARGE', message: 'x' } }),
      'BadRequest',
    ],
    ['for a lost listing', named('airtable iterator lost'), 'CursorLost'],
    ['without saying why', named('plain text 400'), 'BadRequest'],
  ])('%s fails for good', async (_, effect, type) => {
    expect(await failureOf(effect)).toMatchObject({ name: 'SyncFailure', type });
  });

  it('for its parameters fails with what Airtable says', async () => {
    const message = 'The formula for filtering records is invalid: Unknown field names: x';
    const error = { type: 'INVALID_FILTER_BY_FORMULA', message };
    expect(await failureOf(answer(422, { error }))).toMatchObject({
      type: 'BadRequest',
      message: expect.stringContaining('Unknown field names: x'),
    });
    await simulator.close();
    const view = { type: 'VIEW_NAME_NOT_FOUND', message: 'View "viwX" not found' };
    expect(await failureOf(answer(422, { error: view }))).toMatchObject({
      type: 'BadRequest',
      hint: expect.stringContaining('view'),
    });
  });

  it('for its rate waits as long as it is told to, or as long as the lock-out is known to take', async () => {
    const type = 'RateLimited';
    const given: readonly (readonly [FaultEffect, number])[] = [
      [named('airtable rate limited', 7), 7_000],
      [named('airtable rate limited'), 30_000],
      [answer(429, { errors: [{ error: 'RATE_LIMIT_REACHED' }] }), 30_000],
      [answer(429, 'Too many requests', { 'retry-after': '0' }), 1_000],
      [answer(429, '', { 'retry-after': new Date(Date.now() + 20_000).toUTCString() }), 20_000],
    ];
    for (const [effect, wait] of given) {
      const failure = (await failureOf(effect)) as { type: string; retryAfterMs: number };
      await simulator.close();
      expect(failure.type).toBe(type);
      expect(Math.abs(failure.retryAfterMs - wait)).toBeLessThan(1_500);
    }
  });

  it('for a month’s calls is blocked, though the status is the same', async () => {
    expect(await failureOf(named('airtable billing limit'))).toMatchObject({
      type: 'Blocked',
      retryAfterMs: 3_600_000,
    });
  });
});

describe('a request that got no proper answer', () => {
  it.each([
    ['an error of the server', named('airtable server error')],
    ['a moment without service', named('airtable retriable')],
    ['an HTML page', named('bad gateway')],
    ['half of its JSON', { kind: 'truncate', afterBytes: 300 }],
    ['JSON of another kind', answer(200, '[]', { 'content-type': 'application/json' })],
    ['a reset connection', { kind: 'reset' }],
    ['a connection reset in its midst', { kind: 'reset', afterBytes: 300 }],
  ] as readonly (readonly [string, FaultEffect])[])(
    'but %s may be tried again',
    async (_, effect) => {
      expect(await failureOf(effect)).toMatchObject({ name: 'SyncFailure', type: 'Unavailable' });
    },
  );

  it('may be told when to try again', async () => {
    expect(await failureOf(answer(503, '', { 'retry-after': '3' }))).toMatchObject({
      type: 'Unavailable',
      retryAfterMs: 3_000,
    });
  });

  it('but JSON without records is not what is documented', async () => {
    for (const body of [{}, { records: {} }, { records: [], offset: 7 }]) {
      expect(await failureOf(answer(200, body))).toMatchObject({ type: 'InvalidAnswer' });
      await simulator.close();
    }
  });

  it.each([
    ['headers', { kind: 'stall headers' }],
    ['body', { kind: 'stall body', afterBytes: 500 }],
  ] as readonly (readonly [string, FaultEffect])[])(
    'because its %s stalled ends when its time is up',
    async (_, effect) => {
      const started = performance.now();
      expect(await failureOf(effect, 100)).toMatchObject({ type: 'Unavailable' });
      expect(performance.now() - started).toBeLessThan(2_000);
    },
  );

  it.each([
    ['headers', { kind: 'stall headers' }],
    ['body', { kind: 'stall body', afterBytes: 500 }],
  ] as readonly (readonly [string, FaultEffect])[])(
    'because its %s stalled ends when it is cancelled, with the reason',
    async (_, effect) => {
      const ref = await setUp(effect);
      const cancelling = new AbortController();
      const { requests } = unlimited(30_000, cancelling.signal);
      const scanning = scan(connect(simulator.airtableUrl, requests), ref);
      await until(() => simulator.log.count() > 0);
      const reason = new Error('cancelled by the user');
      cancelling.abort(reason);
      await expect(scanning).rejects.toBe(reason);
    },
  );

  it('because DNS does not know the name says so in one line', async () => {
    const ref = await setUp();
    const scanning = scan(connect('http://no-such-host.invalid'), ref);
    await expect(scanning).rejects.toMatchObject({
      type: 'Unavailable',
      message: expect.stringMatching(/^Airtable gave no answer .*(ENOTFOUND|EAI_AGAIN)/),
    });
  });

  it('because nobody listens says so in one line', async () => {
    const ref = await setUp();
    const address = simulator.airtableUrl;
    await simulator.close();
    const failure = await scan(connect(address), ref).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      type: 'Unavailable',
      message: expect.stringMatching(
        /^Airtable gave no answer for table app\w+\/tbl\w+: connect ECONNREFUSED/,
      ),
    });
  });
});

describe('a token', () => {
  it('appears in no failure', async () => {
    const effects = [
      named('airtable unauthenticated'),
      named('airtable forbidden'),
      { kind: 'reset' },
    ];
    for (const effect of effects as readonly FaultEffect[]) {
      const failure = (await failureOf(effect)) as Error & { readonly hint?: string };
      await simulator.close();
      const texts = [failure.message, failure.hint, failure.stack, JSON.stringify(failure)];
      expect(texts.join(' ')).not.toContain('pat_simulated');
    }
  });

  it('is sent to the host it was meant for and to no other', async () => {
    let visits = 0;
    const other = createServer((_, response) => {
      visits += 1;
      response.end('{"records":[]}');
    }).listen(0, '127.0.0.1');
    await until(() => other.listening);
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
    for (const body of ['', { records: [] }]) {
      expect(await failureOf(answer(302, body, { location }))).toMatchObject({
        type: 'Misconfigured',
        hint: expect.stringContaining('AIRTABLE_ENDPOINT_URL'),
      });
      await simulator.close();
    }
    other.close();
    expect(visits).toBe(0);
  });
});

describe('the address of the API', () => {
  it('is the account’s, whatever the environment says', async () => {
    const ref = await setUp();
    process.env['AIRTABLE_ENDPOINT_URL'] = 'http://127.0.0.1:9';
    try {
      for (const ending of ['', '/', '/v0', '/v0/']) {
        const session = connect(`${simulator.airtableUrl}${ending}`);
        expect((await scan(session, ref)).ids).toHaveLength(30);
      }
    } finally {
      delete process.env['AIRTABLE_ENDPOINT_URL'];
    }
  });
});
