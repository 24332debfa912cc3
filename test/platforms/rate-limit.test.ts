import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RateRule } from '../../src/platforms/platform.ts';
import { createRateBudget, type Grant, type RateBudget } from '../../src/platforms/rate-limit.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { until } from '../support/until.ts';

/** A budget of its own for each test: `rate` a second, as a platform that counts per window has it. */
let serial = 0;
function rule(of: Partial<RateRule> = {}): RateRule {
  serial += 1;
  const rate = of.rate ?? 10;
  const window_ms = of.window_ms ?? 500;
  const limit = of.limit ?? Math.max(1, Math.floor((rate * window_ms) / 1000));
  return { key: `test:${serial}`, rate, window_ms, limit, burst: limit, ...of };
}

const who = { account: 'acme' };

/** What the budget knows the reservation by: its very number, which times a thousand and back is another one at times. */
function heldOf(grant: Grant): number {
  if (grant.state !== 'granted') throw new Error(`not granted but ${grant.state}`);
  return grant.go_at;
}

/** When the request may go, in ms of the server's clock. */
const timeOf = (grant: Grant) => heldOf(grant) * 1000;

async function takeTimes(
  budgets: readonly RateBudget[],
  rules: readonly RateRule[],
  count: number,
): Promise<number[]> {
  const takes = Array.from({ length: count }, (_, i) =>
    (budgets[i % budgets.length] as RateBudget).take(rules, who),
  );
  return (await Promise.all(takes)).map(timeOf).toSorted((a, b) => a - b);
}

/** The most times that fall into any window of this length. */
function mostIn(windowMs: number, times: readonly number[]): number {
  return Math.max(
    ...times.map((start) => times.filter((t) => t >= start && t < start + windowMs).length),
  );
}

describe('the rate budget', () => {
  let database: TestDatabase;
  let pools: Database[];
  let workers: RateBudget[];
  let budget: RateBudget;

  beforeAll(async () => {
    database = await createTestDatabase();
    pools = [openDatabase(database.url, 10), openDatabase(database.url, 10)];
    workers = pools.map((pool) => createRateBudget(pool));
    budget = createRateBudget(database.pool);
  });
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await database.drop();
  });

  it('grants two workers together no more than the limit in any window', async () => {
    const shared = rule({ rate: 10, window_ms: 500, limit: 5 });
    const times = await takeTimes(workers, [shared], 200);
    expect(mostIn(500, times)).toBe(5);
  });

  it.each([
    ['97 %', 'a limit per second', { rate: 5, window_ms: 1000 }, 0.97],
    ['95 %', 'a limit per minute', { rate: 3, window_ms: 60_000, burst: 30 }, 0.95],
  ])('uses more than %s of %s when there is work', async (_share, _limit, of, share) => {
    const shared = rule(of);
    const inMinute = shared.rate * 60;
    const takes = Array.from({ length: inMinute + 50 }, (_, i) =>
      (workers[i % 2] as RateBudget).take([shared], who),
    );
    const granted = (await Promise.all(takes)).filter((grant) => grant.state === 'granted');
    expect(granted.length / inMinute).toBeGreaterThan(share);
    expect(mostIn(shared.window_ms, granted.map(timeOf))).toBeLessThanOrEqual(shared.limit);
  });

  it('lets a burst go at once, then keeps to the rate', async () => {
    const bursty = rule({ rate: 20, window_ms: 60_000, limit: 1200, burst: 4 });
    const grants: Grant[] = [];
    for (let i = 0; i < 10; i += 1) grants.push(await budget.take([bursty], who));
    expect(grants.slice(0, 4).map(({ wait_ms }) => wait_ms)).toEqual([0, 0, 0, 0]);
    const times = grants.map(timeOf);
    // In any stretch of time: the burst, and what the rate adds to it.
    for (const [i, from] of times.entries()) {
      for (const [j, to] of times.entries()) {
        expect(j - i + 1).toBeLessThanOrEqual(4 + (20 * Math.max(0, to - from)) / 1000 + 0.01);
      }
    }
  });

  it('gives a burst back for idle time only: whoever waited goes at the rate, without gaps', async () => {
    const bursty = rule({ rate: 10, window_ms: 3_000, limit: 30, burst: 15 });
    const times = await takeTimes(workers, [bursty], 150);
    const full = (times[0] as number) + 3_250;
    const gaps = times
      .slice(1)
      .map((time, i) => ({ from: times[i] as number, gap: time - (times[i] as number) }));
    const later = gaps.filter(({ from }) => from >= full).map(({ gap }) => gap);
    expect(later.length).toBeGreaterThan(100);
    expect(Math.min(...later)).toBeGreaterThan(99);
    // One grant's worth, and the margin of the window.
    expect(Math.max(...later)).toBeLessThan(100 + 260);
    expect(mostIn(3_000, times)).toBe(30);
  });

  it('serves whoever asks first first', async () => {
    const shared = rule();
    const times: number[] = [];
    for (let i = 0; i < 40; i += 1) {
      times.push(timeOf(await (workers[i % 2] as RateBudget).take([shared], who)));
    }
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('stretches the window for less than one request a second', async () => {
    const slow = rule({ rate: 0.5, window_ms: 2000, limit: 1 });
    const times = await takeTimes(workers, [slow], 8);
    for (let i = 1; i < times.length; i += 1) {
      expect((times[i] as number) - (times[i - 1] as number)).toBeGreaterThanOrEqual(2000);
    }
  });

  it('reserves nothing beyond a minute and says when to come back', async () => {
    const slow = rule({ rate: 0.05, window_ms: 20_000, limit: 1 });
    const grants = [];
    for (let i = 0; i < 6; i += 1) grants.push(await budget.take([slow], who));
    const refused = grants.filter((grant) => grant.state === 'busy');
    expect(grants.map((grant) => grant.state).join(' ')).toBe(
      'granted granted granted busy busy busy',
    );
    // The fourth would go after 60.75 s; half a minute of reservations will be free then.
    for (const { wait_ms } of refused) expect(Math.abs(wait_ms - 30_700)).toBeLessThan(500);
    expect((await statusOf(slow)).waiting).toBe(2);
  });

  it('grants a request of several rules at the first time that fits all of them', async () => {
    const token = rule({ rate: 20, window_ms: 1000, limit: 20 });
    const base = rule({ rate: 2, window_ms: 1000, limit: 2 });
    const times = await takeTimes(workers, [token, base], 7);
    expect(mostIn(1000, times)).toBe(2);
    expect((await statusOf(token)).waiting).toBe((await statusOf(base)).waiting);
  });

  it('takes nothing of any rule when one refuses', async () => {
    const open = rule();
    const spent = rule({ rate: 0.01, window_ms: 100_000, limit: 1 });
    await budget.take([spent], who);
    await budget.take([open], who);
    const refused = await budget.take([open, spent], who);
    expect(refused.state).toBe('busy');
    expect(await statusOf(open)).toMatchObject({ used: 1, waiting: 0 });
  });

  it('does not hold one base up behind the reservations of another', async () => {
    const token = rule({ rate: 20, window_ms: 1000, limit: 20 });
    const busy = rule({ rate: 1, window_ms: 1000, limit: 1 });
    const idle = rule({ rate: 1, window_ms: 1000, limit: 1 });
    for (let i = 0; i < 15; i += 1) await budget.take([busy, token], who);
    expect((await budget.take([idle, token], who)).wait_ms).toBe(0);
  });

  it('keeps to the limit of a shared rule whatever the order in which its times are taken', async () => {
    const token = rule({ rate: 6, window_ms: 1000, limit: 6 });
    const bases = [1, 2, 3, 4].map((rate) => rule({ rate, window_ms: 1000, limit: rate }));
    const takes = Array.from({ length: 120 }, (_, i) =>
      (workers[i % 2] as RateBudget).take([token, bases[(i * 7) % 4] as RateRule], who),
    );
    const times = (await Promise.all(takes)).map(timeOf).toSorted((a, b) => a - b);
    expect([5, 6]).toContain(mostIn(1000, times));
  });

  it('never deadlocks when two workers name the same rules in different orders', async () => {
    const a = rule({ rate: 1000, limit: 500 });
    const b = rule({ rate: 1000, limit: 500 });
    const takes = Array.from({ length: 100 }, (_, i) =>
      (workers[i % 2] as RateBudget).take(i % 2 ? [a, b] : [b, a], who),
    );
    const blocks = [budget.block([b, a], 1, 'once'), budget.block([a, b], 1, 'twice')];
    await expect(Promise.all([...takes, ...blocks])).resolves.toHaveLength(102);
  });

  describe('when a platform said to wait', () => {
    it('gives no time before that, to any worker', async () => {
      const shared = rule();
      await budget.take([shared], who);
      await budget.block([shared], 3_000, 'the rate is limited');
      const blockedUntil = (await statusOf(shared)).blocked_until?.getTime() as number;
      const times = await takeTimes(workers, [shared], 20);
      expect(times[0]).toBeGreaterThan(blockedUntil);
      expect(mostIn(500, times)).toBe(5);
    });

    it('takes back reservations that fall into it, and only those', async () => {
      const shared = rule({ rate: 1, window_ms: 1000, limit: 1 });
      const grants = [];
      for (let i = 0; i < 5; i += 1) grants.push(await budget.take([shared], who));
      await budget.block([shared], 2_000, 'the rate is limited');
      const blockedUntil = (await statusOf(shared)).blocked_until?.getTime() as number;
      const held = grants.slice(1).map(timeOf);
      const again = [];
      for (const go_at of held) again.push(timeOf(await budget.take([shared], who, go_at / 1000)));
      expect(held[1]).toBeLessThan(blockedUntil);
      expect(Math.min(...again)).toBeGreaterThan(blockedUntil);
      expect(again.slice(2)).toEqual(held.slice(2));
      expect(mostIn(1000, again)).toBe(1);
    });

    it('keeps the longest of several blocks, with its reason', async () => {
      const shared = rule();
      await budget.take([shared], who);
      await budget.block([shared], 40_000, 'long');
      await budget.block([shared], 1_000, 'short');
      const grant = await budget.take([shared], who);
      expect(grant).toMatchObject({ state: 'granted', wait_ms: expect.any(Number) });
      expect(grant.wait_ms).toBeGreaterThan(39_000);
      expect((await statusOf(shared)).block_reason).toBe('long');
    });

    it('reserves nothing when that is more than a minute away', async () => {
      const shared = rule();
      await budget.take([shared], who);
      await budget.block([shared], 300_000, 'the plan is used up');
      const grant = await budget.take([shared], who);
      expect(grant).toMatchObject({ state: 'blocked', reason: 'the plan is used up' });
      expect(Math.abs(grant.wait_ms - 300_250)).toBeLessThan(1_000);
      expect((await statusOf(shared)).waiting).toBe(0);
    });
  });

  describe('a reservation', () => {
    it('stands when its holder asks again in time', async () => {
      const shared = rule({ rate: 2, window_ms: 500, limit: 1 });
      await budget.take([shared], who);
      const go_at = heldOf(await budget.take([shared], who));
      expect(await budget.take([shared], who, go_at)).toMatchObject({ state: 'granted', go_at });
      expect((await statusOf(shared)).waiting).toBe(1);
    });

    it('is lost when its holder comes late, as after a sleep of the machine', async () => {
      const shared = rule({ rate: 2, window_ms: 500, limit: 1 });
      const long = heldOf(await budget.take([shared], who)) - 5;
      const anew = timeOf(await budget.take([shared], who, long));
      expect(anew).toBeGreaterThan((long + 5) * 1000 + 500);
    });

    it('stands when its holder comes a little late: when the request left is told afterwards', async () => {
      const shared = rule({ rate: 2, window_ms: 500, limit: 1 });
      const late = heldOf(await budget.take([shared], who)) - 0.3;
      const again = await budget.take([shared], who, late);
      expect(again).toMatchObject({ state: 'granted', go_at: late, look_again: false });
    });

    it.each([
      ['window', { rate: 1, window_ms: 1_000, limit: 1 }],
      ['bucket', { rate: 2, window_ms: 60_000, limit: 120, burst: 1 }],
    ])('of a %s is given back when its holder slept over it', async (_, of) => {
      const shared = rule(of);
      await budget.take([shared], who);
      const held = heldOf(await budget.take([shared], who));
      await until(() => Date.now() > held * 1000 + 600);
      const again = await budget.take([shared], who, held);
      expect(again).toMatchObject({ state: 'granted', wait_ms: 0 });
      expect(heldOf(again)).toBeGreaterThan(held);
      expect(await statusOf(shared)).toMatchObject({ waiting: 0 });
    });

    it('is looked at again when the word that it stands came late, as when the machine slept meanwhile', async () => {
      let asleep = 0;
      const sleeping = createRateBudget({
        query: async (text, values) => {
          const result = await database.pool.query(text, [...values]);
          await delay(asleep);
          return result;
        },
      });
      const shared = rule({ rate: 2, window_ms: 500, limit: 1 });
      const go_at = heldOf(await sleeping.take([shared], who));
      asleep = 700;
      const slept = await sleeping.take([shared], who, go_at);
      expect(slept).toMatchObject({ state: 'granted', go_at, look_again: true });
      asleep = 0;
      const anew = await sleeping.take([shared], who, go_at);
      expect(heldOf(anew)).toBeGreaterThan(go_at + 0.7);
    });

    it('stands however far away Postgres is, in one round trip when there is no wait', async () => {
      const far = createRateBudget({
        query: async (text, values) => {
          await delay(60);
          const result = await database.pool.query(text, [...values]);
          await delay(60);
          return result;
        },
      });
      // Of a window so long that a busy machine's jitter does not count as late.
      const shared = rule({ rate: 1, window_ms: 2000, limit: 2 });
      const first = await far.take([shared], who);
      const second = await far.take([shared], who);
      expect([first, second]).toMatchObject([{ look_again: false }, { look_again: false }]);
      const third = await far.take([shared], who);
      if (third.wait_ms > 0) await delay(third.wait_ms);
      const held = heldOf(third);
      expect(await far.take([shared], who, held)).toMatchObject({ go_at: held, look_again: false });
    });
  });

  describe('a request that arrives late', () => {
    /** As if it did so long after it was granted. */
    const arrive = (of: RateRule, grant: Grant, afterMs: number) => {
      if (grant.state !== 'granted') throw new Error(`not granted but ${grant.state}`);
      return budget.arrivesBy([of], grant, (grant.go_at - grant.clock_ahead) * 1000 + afterMs);
    };

    it('keeps its distance to those after it', async () => {
      const shared = rule({ rate: 1, window_ms: 1000, limit: 1 });
      const first = await budget.take([shared], who);
      const second = heldOf(await budget.take([shared], who));
      await arrive(shared, first, 300);
      const again = heldOf(await budget.take([shared], who, second));
      expect(again - heldOf(first)).toBeCloseTo(0.3 + 1.025, 2);
    });

    it('keeps its distance once more when it turns out to be later still', async () => {
      const shared = rule({ rate: 1, window_ms: 1000, limit: 1 });
      const first = await budget.take([shared], who);
      const second = heldOf(await budget.take([shared], who));
      const known = await arrive(shared, first, 100);
      await arrive(shared, { ...known, go_at: heldOf(known) }, 50);
      const again = heldOf(await budget.take([shared], who, second));
      expect(again - heldOf(first)).toBeCloseTo(0.15 + 1.025, 2);
    });

    it('moves those of each window after it by as much as it was late, all together, and no more', async () => {
      const shared = rule({ rate: 3, window_ms: 1000, limit: 3 });
      const times = await Promise.all(workers.concat(workers).map((of) => of.take([shared], who)));
      for (let i = 4; i < 9; i += 1) times.push(await budget.take([shared], who));
      const grants = times.toSorted((a, b) => heldOf(a) - heldOf(b));
      await arrive(shared, grants[0] as Grant, 200);
      const held = grants.slice(3);
      // All look at the same time, as whoever was told the same does.
      const again = await Promise.all(
        held.map((grant, i) => (workers[i % 2] as RateBudget).take([shared], who, heldOf(grant))),
      );
      for (const i of again.keys()) {
        again[i] = await budget.take([shared], who, heldOf(again[i] as Grant));
      }
      const moved = again.map((grant, i) => timeOf(grant) - timeOf(held[i] as Grant));
      for (const window of [moved.slice(0, 3), moved.slice(3)]) {
        // Grants a few milliseconds apart share it, and nobody moves for less than one.
        const together = window.reduce((a, b) => a + b);
        expect(together).toBeGreaterThan(200 - window.length);
        expect(together).toBeLessThan(200.5);
      }
      const left = [timeOf(grants[0] as Grant) + 200, ...grants.slice(1, 3).map(timeOf)];
      expect(mostIn(1_015, [...left, ...again.map(timeOf)])).toBe(3);
    });

    it('keeps its distance also to those whose time came before it left', async () => {
      const shared = rule({ rate: 2, window_ms: 1000, limit: 2 });
      const grants: Grant[] = [];
      for (let i = 0; i < 4; i += 1) grants.push(await budget.take([shared], who));
      const [, second, third, fourth] = grants as [Grant, Grant, Grant, Grant];
      await arrive(shared, second, 300);
      await until(() => Date.now() > timeOf(fourth) + 40);
      await arrive(shared, third, timeOf(fourth) - timeOf(third) + 30);
      const again = timeOf(await budget.take([shared], who, heldOf(fourth)));
      expect(again - timeOf(second)).toBeGreaterThan(300 + 1000);
    });

    it.each([
      ['a little late', 4],
      ['in time', 0],
    ])('moves nobody when it was %s', async (_, ms) => {
      const shared = rule({ rate: 1, window_ms: 1000, limit: 1 });
      const first = await budget.take([shared], who);
      const held = heldOf(await budget.take([shared], who));
      await arrive(shared, first, ms);
      expect(heldOf(await budget.take([shared], who, held))).toBe(held);
    });

    it('moves nobody whose rate is too high to list every grant', async () => {
      const fast = rule({ rate: 5000, window_ms: 1000, limit: 5000, burst: 10 });
      const grant = await budget.take([fast], who);
      await arrive(fast, grant, 300);
      expect(heldOf(await budget.take([fast], who, heldOf(grant)))).toBe(heldOf(grant));
    });

    it('leaves alone who asked before somebody gave a run another rate', async () => {
      const plan = rule({ rate: 2, window_ms: 1000, limit: 2 });
      const grants: Grant[] = [];
      for (let i = 0; i < 6; i += 1) grants.push(await budget.take([plan], who));
      for (const rate of [1, 20]) {
        const asked = { ...plan, rate, limit: rate, burst: rate };
        await budget.take([asked], { ...who, asked: true });
        for (const grant of grants.slice(2)) {
          expect(await budget.take([plan], who, heldOf(grant))).toMatchObject({
            go_at: heldOf(grant),
          });
        }
      }
    });
  });

  describe('when several runs ask for different rates', () => {
    it('keeps to the lowest for two minutes', async () => {
      const fast = rule({ rate: 10, window_ms: 1000 });
      const slow = { ...fast, rate: 2, limit: 2, burst: 2 };
      await budget.take([slow], who);
      const times = await takeTimes(workers, [fast], 12);
      expect(mostIn(1000, times)).toBeLessThanOrEqual(2);
      expect(await statusOf(fast)).toMatchObject({ rate: 2 });

      await database.pool.query(
        `update appsync.rate_budget
            set claims = array(select row(c.rate, c.span, c.max_grants, c.burst, c.seen - 121, c.asked, c.run_id)::appsync.rate_claim
                                 from unnest(claims) c where c.rate = 2)
                      || array(select c from unnest(claims) c where c.rate <> 2)
          where key = $1`,
        [fast.key],
      );
      await budget.take([fast], who);
      expect(await statusOf(fast)).toMatchObject({ rate: 10 });
    });

    it('keeps to what a person asked for, higher or lower than what nobody did', async () => {
      const plan = rule({ rate: 3, window_ms: 1000, limit: 3 });
      const asked = { ...plan, rate: 20, limit: 20, burst: 20 };
      await budget.take([plan], who);
      await budget.take([asked], { ...who, asked: true });
      expect(await statusOf(plan)).toMatchObject({ rate: 20 });
      await budget.take([plan], who);
      expect(await statusOf(plan)).toMatchObject({ rate: 20 });
      await budget.take([{ ...plan, rate: 1, limit: 1, burst: 1 }], { ...who, asked: true });
      expect(await statusOf(plan)).toMatchObject({ rate: 1 });
    });
  });

  describe('when the rate was given for a run', () => {
    const asking = (runId: string) => ({ ...who, asked: true, runId });
    const begin = (runId: string) =>
      database.pool.query(
        `insert into appsync.run (id, workflow_id, target, filters, options) values ($1, $1, 'all', '{}', '{}')`,
        [runId],
      );

    it('takes the latest that the run was given, also when it is higher', async () => {
      await begin('changed');
      const low = rule({ rate: 2, window_ms: 1000, limit: 2 });
      await budget.take([low], asking('changed'));
      await budget.take([{ ...low, rate: 20, limit: 20, burst: 20 }], asking('changed'));
      expect(await statusOf(low)).toMatchObject({ rate: 20 });
    });

    it('keeps to the lowest of the runs at work, and forgets a run that has ended', async () => {
      await begin('slow');
      await begin('fast');
      const slow = rule({ rate: 2, window_ms: 1000, limit: 2 });
      const fast = { ...slow, rate: 20, limit: 20, burst: 20 };
      await budget.take([slow], asking('slow'));
      await budget.take([fast], asking('fast'));
      expect(await statusOf(slow)).toMatchObject({ rate: 2 });
      await database.pool.query(`update appsync.run set finished_at = now() where id = 'slow'`);
      expect(await statusOf(slow)).toMatchObject({ rate: 20 });
      await budget.take([fast], asking('fast'));
      const claims = await database.pool.query<{ runs: string[] }>(
        'select array(select c.run_id from unnest(claims) c) as runs from appsync.rate_budget where key = $1',
        [slow.key],
      );
      expect(claims.rows).toEqual([{ runs: ['fast'] }]);
    });

    it('counts a worker of an earlier version, which names no run', async () => {
      const plan = rule({ rate: 5, window_ms: 1000, limit: 5 });
      const { rows } = await database.pool.query(
        `select state from appsync.take_grant('acme', true, array[$1], array[5::float8], array[1::float8],
           array[5], array[5::float8], 60, null, 1)`,
        [plan.key],
      );
      expect(rows).toEqual([{ state: 'granted' }]);
      expect(await statusOf(plan)).toMatchObject({ rate: 5 });
    });
  });

  it('keeps a bucket alone for rates too high to list every grant', async () => {
    const unlimited = rule({ rate: 100_000, window_ms: 1000, limit: 100_000, burst: 100_000 });
    const grants = await Promise.all(
      Array.from({ length: 200 }, (_, i) => (workers[i % 2] as RateBudget).take([unlimited], who)),
    );
    expect(grants.every((grant) => grant.wait_ms === 0)).toBe(true);
    const slower = rule({ rate: 5000, window_ms: 1000, limit: 5000, burst: 10 });
    const times = await takeTimes(workers, [slower], 100);
    expect((times.at(-1) as number) - (times[0] as number)).toBeGreaterThan(17);
  });

  it('tells what is used, free, waiting and blocked', async () => {
    const shared = rule({ rate: 5, window_ms: 1000, limit: 5 });
    await takeTimes([budget], [shared], 7);
    const before = await statusOf(shared);
    expect(before).toMatchObject({ account: 'acme', rate: 5, used: 5, free: 0, waiting: 2 });
    expect(before.waiting_until?.getTime()).toBeGreaterThan(Date.now());
    expect(before.blocked_until).toBeNull();
    await budget.block([shared], 30_000, 'the rate is limited');
    expect(await statusOf(shared)).toMatchObject({
      waiting: 0,
      waiting_until: null,
      block_reason: 'the rate is limited',
    });
  });

  async function statusOf({ key }: RateRule) {
    const status = (await budget.status()).find((row) => row.key === key);
    if (status === undefined) throw new Error(`no budget ${key}`);
    return status;
  }
});
