import { FastestOfLate } from './fastest-of-late.ts';
import type { RateRule } from './platform.ts';
import type { Granted, RateBudget } from './rate-limit.ts';
import { watchTimes, type RequestTimes } from './request-times.ts';

/**
 * A platform counts a request when it arrives. By how much later than others it did so after it left is not known, but it
 * is no more than its answer took longer than answers take. Most of that is the platform's own work, so no more than this is
 * made up for: with the margin of a second as much as was enough without it (docs/performance.md, the rate budget).
 */
const MOST_DELAY_MS = 75;

const FORGOTTEN_BY = 1.005;

/** How long answers take at least, by the narrowest rule of their requests. */
const fastestAnswers = new Map<string, FastestOfLate>();

function fastestAnswer(rules: readonly RateRule[]): FastestOfLate {
  const key = rules[0]?.key ?? '';
  const fastest = fastestAnswers.get(key) ?? new FastestOfLate(FORGOTTEN_BY);
  fastestAnswers.set(key, fastest);
  return fastest;
}

/**
 * Makes a request that was granted, and lets the budget know when it has arrived at the latest: when it left, and once
 * more when its answer is late or does not come.
 */
export async function followRequest<T>(
  budget: RateBudget,
  rules: readonly RateRule[],
  grant: Granted,
  request: () => Promise<T>,
): Promise<T> {
  const followed = new FollowedRequest(budget, rules, grant);
  try {
    return await watchTimes(followed, request);
  } finally {
    await followed.ended();
  }
}

class FollowedRequest implements RequestTimes {
  readonly #budget: RateBudget;
  readonly #rules: readonly RateRule[];
  readonly #fastest: FastestOfLate;
  #told: Promise<Granted>;
  #leftAt: number | null = null;
  #isOnItsWay = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(budget: RateBudget, rules: readonly RateRule[], grant: Granted) {
    this.#budget = budget;
    this.#rules = rules;
    this.#fastest = fastestAnswer(rules);
    this.#told = Promise.resolve(grant);
  }

  left(at: number): void {
    if (this.#leftAt !== null) return;
    this.#leftAt = at;
    this.#isOnItsWay = true;
    this.#tell(at);
    // All of the first answer counts: that request is the one most likely to be late, and nothing else is known yet.
    const late = this.#fastest.ms + MOST_DELAY_MS;
    this.#patience = setTimeout(() => this.#arrived(MOST_DELAY_MS), late);
  }

  answered(at: number): void {
    if (this.#leftAt === null) return;
    const took = at - this.#leftAt;
    this.#arrived(Math.max(0, took - this.#fastest.ms));
    this.#fastest.add(took);
  }

  /** All is told that can be. */
  async ended(): Promise<void> {
    this.#arrived(MOST_DELAY_MS);
    await this.#told;
  }

  #arrived(delayMs: number): void {
    clearTimeout(this.#patience);
    if (this.#isOnItsWay) this.#tell((this.#leftAt ?? 0) + Math.min(delayMs, MOST_DELAY_MS));
    this.#isOnItsWay = false;
  }

  #tell(at: number): void {
    this.#told = this.#told.then((known) =>
      // A budget that cannot be reached shows at the next grant; it is no failure of this request.
      this.#budget.arrivesBy(this.#rules, known, at).catch(() => known),
    );
  }
}
