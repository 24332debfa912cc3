import type { RateRule } from './platform.ts';

/** What runs one SQL statement: a Postgres pool. */
export interface Queryable {
  query(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

export type Grant =
  /** Go after `wait_ms`; when that is more than 0, take again then with `held` = `go_at`. */
  | { readonly state: 'granted'; readonly wait_ms: number; readonly go_at: number }
  /** Nothing is reserved: come back after `wait_ms`. */
  | {
      readonly state: 'busy' | 'blocked';
      readonly wait_ms: number;
      readonly reason: string | null;
    };

/** One key's budget now. */
export interface BudgetStatus {
  readonly key: string;
  readonly account: string;
  /** Requests per second in force: the lowest asked for in the last two minutes. */
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

/** Who may send a request, and when: one budget in Postgres for all workers of a database. */
export interface RateBudget {
  /**
   * Reserves the next free time under all rules, first come first served; one round trip. Nothing is
   * reserved when it is more than a minute away. Whoever waited takes again with `held`, the time it
   * was given: it stands unless a block came over it or it is long past.
   */
  take(
    rules: readonly RateRule[],
    who: { readonly account: string },
    held?: number | null,
  ): Promise<Grant>;
  /** Stops everybody for `ms` from now, reservations included; never shortens an earlier block. */
  block(rules: readonly RateRule[], ms: number, reason: string): Promise<void>;
  status(): Promise<readonly BudgetStatus[]>;
}

/** Longest wait that is reserved; a longer one belongs to Temporal. */
const MAX_WAIT_MS = 60_000;

/** A platform that is asked again at the very moment it named may still refuse. */
const BLOCK_MARGIN_MS = 250;

/**
 * Requests travel with jitter: two that leave a window apart may arrive closer together. The longer the
 * window, the less a margin costs: 250 ms of a minute, 30 ms of a second.
 */
const marginMs = (windowMs: number) => Math.min(250, windowMs * 0.03);

const TAKE = `select * from appsync.take_grant($1, $2, $3, $4, $5, $6, $7, $8)`;

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
             lateral (select * from unnest(b.claims) order by seen < now_at - 120, rate limit 1) claim,
             lateral (
               select count(*) filter (where g <= now_at and g > now_at - claim.span)::integer as used,
                      count(*) filter (where g > now_at)::integer as waiting
                 from unnest(b.grants) as g
             ) listed
    ) budgets order by key`;

/** A budget over a pool of connections; none is held while a request waits. */
export function createRateBudget(db: Queryable): RateBudget {
  return {
    async take(rules, { account }, held = null) {
      const { rows } = await db.query(TAKE, [
        account,
        rules.map((rule) => rule.key),
        rules.map((rule) => rule.rate),
        rules.map((rule) => (rule.window_ms + marginMs(rule.window_ms)) / 1000),
        rules.map((rule) => rule.limit),
        rules.map((rule) => rule.burst),
        MAX_WAIT_MS / 1000,
        held,
      ]);
      return grantOf(rows[0] as GrantRow);
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
}

function grantOf({ state, go_at, wait, reason }: GrantRow): Grant {
  const wait_ms = Math.ceil(wait * 1000);
  return state === 'granted' ? { state, wait_ms, go_at } : { state, wait_ms, reason };
}
