import { FastestOfLate } from './fastest-of-late.ts';
import type { RateRule } from './platform.ts';

/** What runs one SQL statement: a Postgres pool. */
export interface Queryable {
  query(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

export type Grant =
  /** Go after `wait_ms`. */
  | {
      readonly state: 'granted';
      readonly wait_ms: number;
      readonly go_at: number;
      /** The time may be gone: take again first, with `held` = `go_at`. */
      readonly look_again: boolean;
      /** Seconds by which the clock of `go_at` is ahead of this process's `performance.now()`, at most. */
      readonly clock_ahead: number;
    }
  /** Nothing is reserved: come back after `wait_ms`. */
  | {
      readonly state: 'busy' | 'blocked';
      readonly wait_ms: number;
      readonly reason: string | null;
    };

export type Granted = Extract<Grant, { state: 'granted' }>;

/** One key's budget now. */
export interface BudgetStatus {
  readonly key: string;
  readonly account: string;
  /** Requests per second in force: the lowest that a live run asked for in the last two minutes. */
  readonly rate: number;
  readonly window_ms: number;
  /** Grants of the last window, and what is left of its limit. Estimates where grants are not listed. */
  readonly used: number;
  readonly free: number;
  /** Requests that hold a reservation. */
  readonly waiting: number;
  readonly waiting_until: Date | null;
  readonly blocked_until: Date | null;
  readonly block_reason: string | null;
}

/** Who asks for a grant. */
export interface Asking {
  readonly account: string;
  /** Whether a person gave the rate for a run: then it goes before the account's own. */
  readonly asked?: boolean;
  /** The run that asks: a rate that was given for it ends with it. */
  readonly runId?: string | undefined;
}

/** Who may send a request, and when: one budget in Postgres for all workers of a database. */
export interface RateBudget {
  /**
   * Reserves the next free time under all rules, first come first served; one round trip. Nothing is
   * reserved when it is more than a minute away. Whoever waited takes again with `held`, the time it
   * was given: it stands unless a block came over it or it is long past, and is a little later when a request before it
   * left late.
   */
  take(rules: readonly RateRule[], who: Asking, held?: number | null): Promise<Grant>;
  /**
   * Tells when the request of a grant arrives at the latest, in ms of `performance.now()`, not counting the way that every
   * request has. When that is later than granted, those after it keep their distance from then. Returns the grant as it
   * is known now.
   */
  arrivesBy(rules: readonly RateRule[], grant: Granted, at: number): Promise<Granted>;
  /** Stops everybody for `ms` from now, reservations included; never shortens an earlier block. */
  block(rules: readonly RateRule[], ms: number, reason: string): Promise<void>;
  status(): Promise<readonly BudgetStatus[]>;
}

/** Longest wait that is reserved; a longer one belongs to Temporal. */
const MAX_WAIT_MS = 60_000;

/** A platform that is asked again at the very moment it named may still refuse. */
export const BLOCK_MARGIN_MS = 250;

/**
 * Requests travel with jitter: two that leave a window apart may arrive closer together, and one too many costs 30 s of
 * Airtable, of everybody who uses the base. By how much a request may have been late is told (see `arrivesBy`); the
 * margin is for what is not: timers, and delays too short to be told. The longer the window, the less it costs: 250 ms
 * of a minute, 25 ms of a second.
 */
const marginMs = (windowMs: number) => Math.min(250, windowMs * 0.025);

/** A window with more grants than this has a bucket alone (`appsync.is_listed`): there is nothing to move. */
const MOST_LISTED = 2000;

/** Less is not told: most requests are some milliseconds late. */
const toldLateMs = (rules: readonly RateRule[]) =>
  Math.min(...rules.map((rule) => marginMs(rule.window_ms))) / 5;

/** Whoever is later than this for the time that he was given slept, and gives it back for another one. */
const ASLEEP_MS = 500;

const TAKE = `select * from appsync.take_grant($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`;

const MOVE = `select appsync.move_grant($1, $2, $3)`;

const BLOCK = `select appsync.block_grants($1, $2, $3)`;

const STATUS = `
  select key, account, rate, span * 1000 as window_ms, used, max_grants - used as free, waiting,
         waiting_until, blocked_until, block_reason
    from (
      select b.*, claim.*,
             case
               when appsync.is_listed(row(claim.*)::appsync.rate_claim) then listed.used
               else ceil(greatest(0, b.next_at - now_at) * claim.rate)::integer
             end as used,
             listed.waiting
        from appsync.rate_budget b,
             lateral (select appsync.epoch(clock_timestamp()) as now_at) c,
             lateral (
               select c.* from unnest(b.claims) c
                 left join appsync.run r on r.id = c.run_id and r.finished_at is not null
                order by r.id is not null, c.seen < now_at - 120, c.asked desc, c.rate limit 1
             ) claim,
             lateral (
               select count(*) filter (where g <= now_at and g > now_at - claim.span)::integer as used,
                      count(*) filter (where g > now_at)::integer as waiting
                 from unnest(b.grants) as g
             ) listed
    ) budgets order by key`;

/** A budget over a pool of connections; none is held while a request waits. */
export function createRateBudget(db: Queryable): RateBudget {
  const roundTrip = createStopwatch();
  return {
    async take(rules, { account, asked = false, runId }, held = null) {
      // What every answer takes to travel is no delay.
      const maxLate = ASLEEP_MS + roundTrip.fastestMs();
      const ask = roundTrip.start();
      const { rows } = await db.query(TAKE, [
        account,
        asked,
        rules.map((rule) => rule.key),
        rules.map((rule) => rule.rate),
        rules.map((rule) => (rule.window_ms + marginMs(rule.window_ms)) / 1000),
        rules.map((rule) => rule.limit),
        rules.map((rule) => rule.burst),
        MAX_WAIT_MS / 1000,
        held,
        maxLate / 1000,
        runId ?? null,
      ]);
      const delay = ask.stop() - roundTrip.fastestMs();
      // Also of a time that stands: a machine can fall asleep while the answer is on its way.
      return grantOf(rows[0] as GrantRow, ask.started, delay > ASLEEP_MS);
    },
    async arrivesBy(rules, grant, at) {
      const arrives = at / 1000 + grant.clock_ahead;
      const listed = rules.filter((rule) => rule.limit <= MOST_LISTED);
      const isLate = arrives - grant.go_at > toldLateMs(listed) / 1000;
      if (listed.length === 0 || !isLate) return grant;
      await db.query(MOVE, [listed.map((rule) => rule.key), grant.go_at, arrives]);
      return { ...grant, go_at: arrives };
    },
    async block(rules, ms, reason) {
      const seconds = (ms + BLOCK_MARGIN_MS) / 1000;
      await db.query(BLOCK, [rules.map((rule) => rule.key), seconds, reason]);
    },
    async status() {
      const { rows } = await db.query(STATUS, []);
      return rows as readonly BudgetStatus[];
    },
  };
}

interface GrantRow {
  readonly state: Grant['state'];
  readonly go_at: number;
  readonly wait: number;
  readonly reason: string | null;
  readonly told_at: number;
}

function grantOf(row: GrantRow, askedAt: number, isLate: boolean): Grant {
  const { state, go_at, reason, told_at } = row;
  const wait_ms = Math.ceil(row.wait * 1000);
  if (state !== 'granted') return { state, wait_ms, reason };
  const look_again = wait_ms > 0 || isLate;
  // The answer is of no earlier than the question.
  return { state, wait_ms, go_at, look_again, clock_ahead: told_at - askedAt / 1000 };
}

/** Times round trips, and knows how fast one can be; 0 before the first. */
function createStopwatch() {
  const fastest = new FastestOfLate(1.02);
  return {
    fastestMs: () => fastest.ms,
    start: () => {
      const started = performance.now();
      return {
        started,
        stop: () => {
          const took = performance.now() - started;
          fastest.add(took);
          return took;
        },
      };
    },
  };
}
