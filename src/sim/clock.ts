/**
 * The simulator's time. `now` is what the APIs show (times of records, the Date header); `elapsed`
 * measures waiting (rate limits, cursor lifetimes) and goes on even when `now` is frozen by a test.
 */
export interface SimClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds, never going back. */
  elapsed(): number;
  /** Moves both forward, as if the time had passed. */
  advance(ms: number): void;
}

/** A clock over the given source of time, by default the machine's. */
export function createClock(source: () => number = Date.now): SimClock {
  let ahead = 0;
  return {
    now: () => source() + ahead,
    elapsed: () => performance.now() + ahead,
    advance: (ms) => {
      ahead += ms;
    },
  };
}

const MINUTE = 60_000;

export const floorToMinute = (ms: number) => Math.floor(ms / MINUTE) * MINUTE;
export const isoTime = (ms: number) => new Date(ms).toISOString();
