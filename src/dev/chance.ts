import { mix, pick } from '../sim/seeded.ts';

/** Randomness that a seed repeats. Each part of a round has its own, so that one does not disturb another's. */
export interface Chance {
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number;
  of<T>(items: readonly T[]): T;
  /** The items in another order. */
  shuffled<T>(items: readonly T[]): readonly T[];
}

export function createChance(seed: number): Chance {
  let drawn = 0;
  const next = () => mix(seed, (drawn += 1));
  return {
    below: (below) => next() % below,
    of: (items) => pick(items, next()),
    shuffled: (items) =>
      items
        .map((item) => ({ item, at: next() }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ item }) => item),
  };
}
