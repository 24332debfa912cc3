import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SyncFailure } from '../../src/errors.ts';
import type { RateRule } from '../../src/platforms/platform.ts';
import { createRateBudget, type RateBudget } from '../../src/platforms/rate-limit.ts';
import { createRequests, type RequestsOptions } from '../../src/platforms/requests.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { until } from '../support/until.ts';

let serial = 0;
const rule = (rate = 1000, window_ms = 1000): RateRule => {
  serial += 1;
  const limit = Math.max(1, Math.floor((rate * window_ms) / 1000));
  return { key: `test:${serial}`, rate, window_ms, limit, burst: limit };
};

const rateLimited = (retryAfterMs?: number) =>
  new SyncFailure('RateLimited', 'the rate is limited', { retryAfterMs });

/** Settles as the signal does. */
const never = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('requests', () => {
  let database: TestDatabase;
  let budget: RateBudget;

  beforeAll(async () => {
    database = await createTestDatabase();
    budget = createRateBudget(database.pool);
  });
  afterAll(() => database.drop());

  function setUp(options: Partial<RequestsOptions> = {}) {
    const counted = { requests: 0, rate_limited: 0, waited_ms: 0 };
    const cancelled = new AbortController();
    serial += 1;
    const requests = createRequests({
      budget,
      account: `account ${serial}`,
      signal: cancelled.signal,
      poolSize: 10,
      count: (more) => {
        for (const [name, n] of Object.entries(more)) counted[name as keyof typeof counted] += n;
      },
      ...options,
    });
    return { requests, counted, cancel: () => cancelled.abort(new Error('cancelled')) };
  }

  it('leave at once while the budget lasts, and are counted', async () => {
    const { requests, counted } = setUp();
    expect(await requests.send([rule()], async () => 'answer')).toBe('answer');
    expect(counted).toEqual({ requests: 1, rate_limited: 0, waited_ms: 0 });
  });

  it('wait for their time, and tell since and until when', async () => {
    const waits: (Date | null)[] = [];
    const { requests, counted } = setUp({ onWait: (wait) => waits.push(wait) });
    const slow = rule(5, 200);
    const times: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      await requests.send([slow], async () => times.push(performance.now()));
    }
    expect((times[3] as number) - (times[0] as number)).toBeGreaterThan(590);
    expect(counted.waited_ms).toBeGreaterThan(500);
    // A busy machine may come late and wait once more; every wait that begins also ends.
    const begun = waits.filter((wait) => wait instanceof Date);
    expect(begun.length).toBeGreaterThanOrEqual(3);
    expect(waits).toEqual(begun.flatMap((wait) => [wait, null]));
  });

  it('hold no database connection while they wait', async () => {
    const { requests, cancel } = setUp();
    const slow = rule(0.1, 10_000);
    await requests.send([slow], async () => {});
    const waiting = Promise.allSettled([1, 2].map(() => requests.send([slow], async () => {})));
    await until(async () => (await statusOf(slow)).waiting === 2);
    await until(() => database.pool.idleCount === database.pool.totalCount);
    cancel();
    await waiting;
  });

  it('end with the reason of a cancellation while they wait for the budget', async () => {
    const { requests, cancel, counted } = setUp();
    const slow = rule(0.1, 10_000);
    await requests.send([slow], async () => {});
    const waiting = requests.send([slow], async () => {});
    await until(async () => (await statusOf(slow)).waiting === 1);
    cancel();
    await expect(waiting).rejects.toThrow('cancelled');
    expect(counted.requests).toBe(1);
  });

  it('end with the reason of a cancellation while they are on their way', async () => {
    const { requests, cancel } = setUp();
    const running = requests.send([rule()], (signal) => {
      queueMicrotask(cancel);
      return never(signal);
    });
    await expect(running).rejects.toThrow('cancelled');
  });

  it('end when no whole answer came in time', async () => {
    const { requests } = setUp({ timeoutMs: 50 });
    await expect(requests.send([rule()], never)).rejects.toMatchObject({
      type: 'Unavailable',
      message: 'no whole answer within 0.05 s',
    });
  });

  it('get another time when their answer may be a long one', async () => {
    const { requests } = setUp();
    await expect(requests.send([rule()], never, { timeout_ms: 50 })).rejects.toMatchObject({
      type: 'Unavailable',
      message: 'no whole answer within 0.05 s',
    });
  });

  describe('of one each half second', () => {
    const WINDOW_MS = 500;
    const half = () => rule(1000 / WINDOW_MS, WINDOW_MS);

    /** How a request is made and answered: after being busy so long, after so many ms or never. */
    interface Sent {
      readonly busyMs?: number;
      readonly answeredAfterMs?: number | null;
    }

    /** Sends one after the other. Returns when they arrived. */
    async function arrivalsOf(sent: readonly Sent[], of: Partial<RequestsOptions> = {}) {
      const { requests } = setUp({ timeoutMs: 400, ...of });
      const arrivals: number[] = [];
      const server = createServer((_, answer) => {
        const { answeredAfterMs = 0 } = sent[arrivals.length] ?? {};
        arrivals.push(performance.now());
        if (answeredAfterMs !== null) setTimeout(() => answer.end(), answeredAfterMs);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const one = half();
      for (const { busyMs = 0 } of sent) {
        await requests
          .send([one], async (signal) => {
            for (const end = performance.now() + busyMs; performance.now() < end;);
            await (await fetch(url, { signal })).text();
          })
          .catch((error: unknown) => expect(error).toMatchObject({ type: 'Unavailable' }));
      }
      server.close();
      server.closeAllConnections();
      expect(arrivals).toHaveLength(sent.length);
      return arrivals;
    }

    it.each<[string, Sent, number]>([
      ['left late, because the process was busy,', { busyMs: 200 }, 0],
      ['was answered late', { answeredAfterMs: 90 }, 40],
      ['was answered very late', { answeredAfterMs: 250 }, 70],
      ['was never answered', { answeredAfterMs: null }, 70],
    ])('one that %s keeps its distance to the next one', async (_, late, more) => {
      const [from = 0, to = 0] = (await arrivalsOf([{}, {}, late, {}])).slice(-2);
      expect(to - from).toBeGreaterThan(WINDOW_MS + more);
    });

    it('the first of all is late by all that its answer takes: it is not known yet how long answers take', async () => {
      const [from = 0, to = 0] = await arrivalsOf([{ answeredAfterMs: 150 }, {}]);
      expect(to - from).toBeGreaterThan(WINDOW_MS + 70);
    });

    it('are late by what their answer takes longer than others, however long these take', async () => {
      const delays: number[] = [];
      let leftAt: number | null = null;
      const spied: RateBudget = {
        ...budget,
        arrivesBy: (rules, grant, at) => {
          if (leftAt !== null) delays.push(at - leftAt);
          leftAt = leftAt === null ? at : null;
          return budget.arrivesBy(rules, grant, at);
        },
      };
      await arrivalsOf(
        Array.from({ length: 4 }, () => ({ answeredAfterMs: 150 })),
        { budget: spied },
      );
      expect(delays).toHaveLength(4);
      expect(Math.min(...delays.slice(1))).toBeLessThan(75);
    });
  });

  it('refused for a moment are tried again after it', async () => {
    const { requests, counted } = setUp();
    const times: number[] = [];
    const answer = await requests.send([rule()], async () => {
      times.push(performance.now());
      if (times.length < 3) throw rateLimited(100);
      return 'answer';
    });
    expect(answer).toBe('answer');
    expect(counted).toMatchObject({ requests: 3, rate_limited: 2 });
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThan(100);
  });

  it('refused once stop every other request of these rules', async () => {
    const shared = rule();
    const refused = setUp().requests;
    const other = setUp().requests;
    let refusedAt = 0;
    const first = refused.send([shared], async () => {
      if (refusedAt > 0) return;
      refusedAt = performance.now();
      throw rateLimited(300);
    });
    await until(async () => (await statusOf(shared))?.blocked_until instanceof Date);
    await other.send([shared], async () => {});
    expect(performance.now() - refusedAt).toBeGreaterThan(300);
    await first;
  });

  it('that wait for a time already reserved are stopped, too', async () => {
    const shared = rule(2, 500);
    const { requests } = setUp();
    await requests.send([shared], async () => {});
    const waiting = requests.send([shared], async () => performance.now());
    await until(async () => (await statusOf(shared)).waiting === 1);
    const blockedAt = performance.now();
    await budget.block([shared], 1_000, 'the rate is limited');
    expect((await waiting) - blockedAt).toBeGreaterThan(1_000);
  });

  it('refused again and again are left to the caller, with the time to wait', async () => {
    const { requests, counted } = setUp();
    const sending = requests.send([rule()], async () => {
      throw rateLimited(10);
    });
    await expect(sending).rejects.toMatchObject({ type: 'RateLimited', retryAfterMs: 1_000 });
    expect(counted).toMatchObject({ requests: 3, rate_limited: 3 });
  });

  it('refused for more than a minute are left to the caller at once', async () => {
    const { requests, counted } = setUp();
    const shared = rule();
    const sending = requests.send([shared], async () => {
      throw rateLimited(120_000);
    });
    await expect(sending).rejects.toMatchObject({ type: 'RateLimited', retryAfterMs: 120_000 });
    expect(counted.requests).toBe(1);
    const next = requests.send([shared], async () => {});
    await expect(next).rejects.toMatchObject({
      type: 'RateLimited',
      message: 'the rate is limited',
    });
    expect(counted.requests).toBe(1);
  });

  it('refused without a time wait half a minute', async () => {
    const shared = rule();
    const { requests, cancel } = setUp();
    const sending = requests.send([shared], async () => {
      throw rateLimited();
    });
    await until(async () => (await statusOf(shared))?.blocked_until instanceof Date);
    const { blocked_until } = await statusOf(shared);
    expect(blocked_until?.getTime()).toBeGreaterThan(Date.now() + 25_000);
    cancel();
    await expect(sending).rejects.toThrow('cancelled');
  });

  it('of a blocked base fail at once and leave the account its other bases', async () => {
    const [base, other, token] = [rule(), rule(), rule()];
    const { requests } = setUp();
    const sending = requests.send([base, token], async () => {
      throw new SyncFailure('Blocked', 'the plan is used up', { retryAfterMs: 3_600_000 });
    });
    await expect(sending).rejects.toMatchObject({ type: 'Blocked' });
    await expect(requests.send([base, token], async () => {})).rejects.toMatchObject({
      type: 'RateLimited',
      message: 'the plan is used up',
    });
    await requests.send([other, token], async () => {});
  });

  it('that fail otherwise are the caller’s to try again', async () => {
    const { requests, counted } = setUp();
    const failure = new SyncFailure('Unavailable', 'bad gateway');
    const sending = requests.send([rule()], async () => {
      throw failure;
    });
    await expect(sending).rejects.toBe(failure);
    expect(counted.requests).toBe(1);
  });

  it('are in flight at most as many as the pool has room for, over all of an account', async () => {
    const account = 'one account';
    const both = [setUp({ account, poolSize: 2 }), setUp({ account, poolSize: 2 })];
    let inFlight = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const free = rule();
    const sent = Array.from({ length: 12 }, (_, i) =>
      (both[i % 2] as (typeof both)[0]).requests.send([free], async () => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        // Each waits for a second one, so that room for less would end in a time-out.
        await new Promise<void>((resolve) => waiting.push(resolve));
        inFlight -= 1;
      }),
    );
    const pairing = setInterval(() => {
      if (waiting.length >= 2) for (const go of waiting.splice(0)) go();
    }, 1);
    await Promise.all(sent);
    clearInterval(pairing);
    expect(most).toBe(2);
  });

  it('cancelled while they wait for room leave it to the next', async () => {
    const account = 'another account';
    const [first, second, third] = [1, 2, 3].map(() => setUp({ account, poolSize: 1 }));
    const free = rule();
    let finish = () => {};
    const running = first?.requests.send(
      [free],
      () => new Promise<void>((done) => (finish = done)),
    );
    await until(() => first?.counted.requests === 1);
    const cancelled = second?.requests.send([free], async () => 'second');
    const next = third?.requests.send([free], async () => 'third');
    second?.cancel();
    await expect(cancelled).rejects.toThrow('cancelled');
    finish();
    await running;
    expect(await next).toBe('third');
  });

  async function statusOf({ key }: RateRule) {
    return (await budget.status()).find((row) => row.key === key) as Awaited<
      ReturnType<RateBudget['status']>
    >[0];
  }
});
