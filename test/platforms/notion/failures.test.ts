import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FailureType } from '../../../src/contract/failures.ts';
import { SyncFailure } from '../../../src/errors.ts';
import { NOTION_TOKEN, startSimulator } from '../../../src/sim/simulator.ts';
import type { FaultEffect, Simulator } from '../../../src/sim/simulator.ts';
import { columnOf } from './samples.ts';
import { connect, scan, unlimited } from './session.ts';

let sim: Simulator;
beforeEach(async () => {
  sim = await startSimulator({
    world: {
      notion: { databases: [{ title: 'D', sources: [{ title: 'Tasks', records: 150 }] }] },
    },
    notion: { rateLimit: 0 },
  });
});
afterEach(() => sim.close());

const ref = () => ({ data_source: sim.world.source('Tasks').externalId });

/** What the next request fails with, when it meets this. */
async function failureOf(effect: FaultEffect, ms = 10_000): Promise<SyncFailure> {
  sim.faults.add({ effect, path: '/data_sources/', times: 0 });
  const session = connect(sim.notionUrl, NOTION_TOKEN, unlimited(ms).requests);
  const thrown: unknown = await session.describe(ref()).catch((error: unknown) => error);
  sim.faults.clear();
  if (!(thrown instanceof SyncFailure)) throw new Error(`not a SyncFailure: ${String(thrown)}`);
  expect(thrown.message).not.toContain(NOTION_TOKEN);
  expect(thrown.message.length).toBeLessThan(400);
  return thrown;
}

const answer = (
  status: number,
  code: string,
  more: {
    headers?: Readonly<Record<string, string>>;
    message?: string;
    additional_data?: object;
  } = {},
): FaultEffect => {
  const { headers = {}, message = 'Something.', additional_data } = more;
  const body = { object: 'error', status, code, message, additional_data };
  return { kind: 'answer', status, headers, body };
};

describe('an error answer', () => {
  const classified: readonly (readonly [FaultEffect, FailureType])[] = [
    [answer(401, 'unauthorized'), 'Unauthorized'],
    [answer(403, 'restricted_resource'), 'Forbidden'],
    [answer(404, 'object_not_found'), 'NotFound'],
    [answer(400, 'validation_error'), 'BadRequest'],
    [answer(400, 'invalid_request_url'), 'BadRequest'],
    [answer(400, 'missing_version'), 'BadRequest'],
    [{ kind: 'named', name: 'plain text 400' }, 'BadRequest'],
    [{ kind: 'named', name: 'notion invalid cursor' }, 'CursorLost'],
    [answer(409, 'conflict_error'), 'Unavailable'],
    [answer(500, 'internal_server_error'), 'Unavailable'],
    [answer(503, 'database_connection_unavailable'), 'Unavailable'],
    [answer(504, 'gateway_timeout'), 'Unavailable'],
    [answer(529, 'service_overload'), 'Unavailable'],
    [{ kind: 'named', name: 'bad gateway' }, 'Unavailable'],
    [{ kind: 'truncate', afterBytes: 100 }, 'Unavailable'],
    [{ kind: 'reset' }, 'Unavailable'],
    [{ kind: 'reset', afterBytes: 100 }, 'Unavailable'],
    [{ kind: 'answer', status: 200, body: { object: 'list' } }, 'InvalidAnswer'],
    [{ kind: 'answer', status: 200, body: 'null' }, 'InvalidAnswer'],
  ];

  it('is classified by what can be done about it', async () => {
    for (const [effect, type] of classified) {
      expect([effect, (await failureOf(effect)).type]).toEqual([effect, type]);
    }
  });

  it('says what Notion said, without quoting an answer that broke off', async () => {
    const refused = await failureOf(
      answer(400, 'missing_version', { message: 'Notion-Version header\nfailed validation' }),
    );
    expect(refused.message).toContain('Notion-Version header failed validation');
    const broken = await failureOf({ kind: 'answer', status: 200, body: '{"secret":"of a recor' });
    expect(broken.type).toBe('Unavailable');
    expect(broken.message).not.toContain('secret');
    expect(broken.cause).toBeUndefined();
  });

  it('tells a person what to do about a token and about sharing', async () => {
    expect((await failureOf(answer(401, 'unauthorized'))).hint).toContain('NOTION_TOKEN');
    const unshared = await failureOf(answer(404, 'object_not_found'));
    expect(unshared.hint).toContain('share it with the integration');
    expect(unshared.message).toContain(ref().data_source);
  });

  it('is not followed to another address', async () => {
    const elsewhere = { location: `${sim.notionUrl}/v1/users/me` };
    const failure = await failureOf({ kind: 'answer', status: 302, headers: elsewhere });
    // Of a type that is not tried again: the address stays what it is.
    expect(failure).toMatchObject({
      type: 'Misconfigured',
      hint: expect.stringContaining('NOTION_BASE_URL'),
    });
    expect(sim.log.count({ path: '/users/me' })).toBe(0);
  });
});

describe('a rate limit', () => {
  const waitOf = async (effect: FaultEffect) => {
    const { type, retryAfterMs } = await failureOf(effect);
    return [type, retryAfterMs];
  };
  const limited = (headers: Readonly<Record<string, string>>, additional_data = {}) =>
    answer(429, 'rate_limited', { headers, additional_data });

  it('waits as long as the header says, in seconds or until a date of the server', async () => {
    expect(await waitOf(limited({ 'retry-after': '7' }))).toEqual(['RateLimited', 7_000]);
    const date = 'Sun, 01 Nov 2026 12:00:00 GMT';
    const until = 'Sun, 01 Nov 2026 12:00:42 GMT';
    expect(await waitOf(limited({ 'retry-after': until, date }))).toEqual(['RateLimited', 42_000]);
  });

  it('falls back to the body, then to half a minute, and waits a second at least', async () => {
    expect(await waitOf(limited({}, { retry_after: '9' }))).toEqual(['RateLimited', 9_000]);
    expect(await waitOf(limited({}))).toEqual(['RateLimited', 30_000]);
    expect(await waitOf(limited({ 'retry-after': '0' }))).toEqual(['RateLimited', 1_000]);
    expect(await waitOf(limited({ 'retry-after': 'soon' }))).toEqual(['RateLimited', 30_000]);
  });

  it('is one for an overload that names a time, too', async () => {
    const overload = answer(529, 'service_overload', { headers: { 'retry-after': '3' } });
    expect(await waitOf(overload)).toEqual(['RateLimited', 3_000]);
  });

  it('is a block when Notion says that waiting will not help', async () => {
    expect(await waitOf({ kind: 'named', name: 'notion blocked' })).toEqual(['Blocked', 3_600_000]);
  });
});

describe('a request', () => {
  it('ends with its signal when headers or body stall', async () => {
    for (const effect of [
      { kind: 'stall headers' },
      { kind: 'stall body', afterBytes: 50 },
    ] as const) {
      const started = performance.now();
      expect((await failureOf(effect, 100)).type).toBe('Unavailable');
      expect(performance.now() - started).toBeLessThan(1_000);
    }
  });

  it('passes the reason of a cancellation on as it is', async () => {
    const cancel = new AbortController();
    const reason = new Error('cancelled');
    sim.faults.add({ effect: { kind: 'stall body', afterBytes: 50 }, path: '/data_sources/' });
    const { requests } = unlimited(10_000, cancel.signal);
    const describing = connect(sim.notionUrl, NOTION_TOKEN, requests).describe(ref());
    setImmediate(() => cancel.abort(reason));
    await expect(describing).rejects.toBe(reason);
    await expect(connect(sim.notionUrl, NOTION_TOKEN, requests).identify()).rejects.toBe(reason);
  });

  it('is not tried again by the client', async () => {
    await failureOf(answer(503, 'service_unavailable'));
    expect(sim.log.count()).toBe(1);
  });

  it('is refused for an id that the client takes for a way out of its path', async () => {
    const session = connect(sim.notionUrl, NOTION_TOKEN);
    await expect(
      session.readValue?.(ref(), 'page', columnOf('relation', 'text[]', 'a..b')),
    ).rejects.toMatchObject({ type: 'BadRequest' });
    expect(sim.log.count()).toBe(0);
  });

  it('reports an address where nobody listens as unavailable', async () => {
    const { notionUrl } = sim;
    await sim.close();
    await expect(connect(notionUrl, NOTION_TOKEN).identify()).rejects.toMatchObject({
      type: 'Unavailable',
      hint: expect.stringContaining('NOTION_BASE_URL'),
    });
  });

  it('reports a name that DNS does not know as unavailable', async () => {
    await expect(
      connect('http://no-such-host.invalid', NOTION_TOKEN).identify(),
    ).rejects.toMatchObject({
      type: 'Unavailable',
      message: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
      hint: expect.stringContaining('NOTION_BASE_URL'),
    });
  });
});

describe('a data source', () => {
  it('in the trash is not found, and says so', async () => {
    const source = await fetch(`${sim.notionUrl}/v1/data_sources/${ref().data_source}`, {
      headers: { authorization: `Bearer ${NOTION_TOKEN}`, 'notion-version': '2026-03-11' },
    });
    const body = { ...((await source.json()) as object), in_trash: true };
    expect(await failureOf({ kind: 'answer', status: 200, body })).toMatchObject({
      type: 'NotFound',
      message: expect.stringContaining('trash'),
    });
  });

  it('whose page has no cursor to the next is an invalid answer', async () => {
    sim.faults.add({
      path: '/query',
      effect: {
        kind: 'answer',
        status: 200,
        body: { object: 'list', results: [], has_more: true, next_cursor: null },
      },
    });
    await expect(scan(connect(sim.notionUrl, NOTION_TOKEN), ref())).rejects.toMatchObject({
      type: 'InvalidAnswer',
    });
  });
});
