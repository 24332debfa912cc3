import type { RateRule } from './platform.ts';
import type { Granted, RateBudget } from './rate-limit.ts';
import { watchTimes, type RequestTimes } from './request-times.ts';

/**
 * A platform counts a request when it arrives. By how much later than others it did so after it left is not known, but it
 * is no more than its answer took longer than answers take: most of that is the platform's own work, so no more than
 * this is made up for: with the margin of a second as much as was enough without it (docs/performance.md, the rate budget).
 */
const MOST_DELAY_MS = 75;

/** Slower answers count for more with each request, so that a lucky one is forgotten. */
const FORGOTTEN_BY = 1.005;

/** How long answers take at least of late, in ms, by the narrowest rule of their requests. */
const fastestAnswers = new Map<string, number>();

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
  readonly #key: string;
  #told: Promise<Granted>;
  #leftAt: number | null = null;
  #isOnItsWay = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(budget: RateBudget, rules: readonly RateRule[], grant: Granted) {
    this.#budget = budget;
    this.#rules = rules;
    this.#key = rules[0]?.key ?? '';
    this.#told = Promise.resolve(grant);
  }

  left(at: number): void {
    if (this.#leftAt !== null) return;
    this.#leftAt = at;
    this.#isOnItsWay = true;
    this.#tell(at);
    const usual = fastestAnswers.get(this.#key);
    // Nothing is late before it is known how long answers take.
    if (usual === undefined) return;
    this.#patience = setTimeout(() => this.#arrived(MOST_DELAY_MS), usual + MOST_DELAY_MS);
  }

  answered(at: number): void {
    if (this.#leftAt === null) return;
    const took = at - this.#leftAt;
    const known = fastestAnswers.get(this.#key) ?? Infinity;
    const fastest = Math.min(took, known * FORGOTTEN_BY);
    fastestAnswers.set(this.#key, fastest);
    this.#arrived(took - fastest);
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
