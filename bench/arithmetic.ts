import { createHash } from 'node:crypto';

/** The middle value; of an even number of values the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Digest of a set of ids, whatever their order; `digestSql` gives the same of a table. */
export function idDigest(ids: readonly string[]): string {
  // By code unit: the ids are ASCII, for which that is Postgres's "C".
  return createHash('md5').update(ids.toSorted().join(',')).digest('hex');
}

export const digestSql = (id: string) =>
  `md5(coalesce(string_agg(${id}, ',' order by ${id} collate "C"), ''))`;

/** So many of the items, evenly spread, first and last among them. */
export function spread<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items;
  const step = (items.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, place) => items[Math.round(place * step)] as T);
}

export interface Budget {
  readonly requests: number;
  readonly windowMs: number;
  /** Requests that may begin at once after idle time; more come at the rate of the window. */
  readonly burst: number;
  readonly latencyMs: number;
  /** Most requests that can be under way at once: 1 for a single cursor. */
  readonly atOnce: number;
}

/**
 * The shortest time in which so many requests can be answered, when at most `requests` may begin in a window that
 * opens with its first one, and out of a bucket of `burst` that fills up in idle time only. Nobody who keeps to both can
 * be faster.
 */
export function bestMs(count: number, budget: Budget): number {
  const begins: number[] = [];
  const ends: number[] = [];
  // A burst of a whole window leaves nothing to say for a bucket.
  const interval = budget.burst < budget.requests ? budget.windowMs / budget.requests : 0;
  let full = 0;
  for (let i = 0; i < count; i++) {
    const free = i < budget.atOnce ? 0 : (ends[i - budget.atOnce] as number);
    const opened = begins[Math.floor(i / budget.requests) * budget.requests - budget.requests];
    const refilled = full - (budget.burst - 1) * interval;
    const open = opened === undefined ? 0 : opened + budget.windowMs;
    const begin = Math.max(free, refilled, open);
    // Whoever waited for a window used the bucket up.
    if (open > Math.max(free, refilled)) full = open + (budget.burst - 1) * interval;
    full = Math.max(full, begin) + interval;
    begins.push(begin);
    ends.push(begin + budget.latencyMs);
  }
  return ends.at(-1) ?? 0;
}
