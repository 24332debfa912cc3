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
  readonly latencyMs: number;
  /** Most requests that can be under way at once: 1 for a single cursor. */
  readonly atOnce: number;
}

/**
 * The shortest time in which so many requests can be answered, when at most `requests` may begin in a window that
 * opens with its first one. Nobody who keeps to the limit can be faster.
 */
export function bestMs(count: number, budget: Budget): number {
  const begins: number[] = [];
  const ends: number[] = [];
  for (let i = 0; i < count; i++) {
    const free = i < budget.atOnce ? 0 : (ends[i - budget.atOnce] as number);
    const opened = begins[Math.floor(i / budget.requests) * budget.requests - budget.requests];
    const begin = Math.max(free, opened === undefined ? 0 : opened + budget.windowMs);
    begins.push(begin);
    ends.push(begin + budget.latencyMs);
  }
  return ends.at(-1) ?? 0;
}
