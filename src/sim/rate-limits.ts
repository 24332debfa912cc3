/**
 * Fixed windows, as Notion counts since 2026: so many requests per window and key, usable as a
 * burst; the window begins with its first request. Refused requests are not counted.
 */
export class FixedWindows {
  readonly #windows = new Map<string, { start: number; used: number }>();

  /** Milliseconds until the next request may succeed; 0 when this one was granted. */
  take(key: string, now: number, limit: number, windowMs: number): number {
    const window = this.#windows.get(key);
    if (window === undefined || now - window.start >= windowMs) {
      this.#windows.set(key, { start: now, used: 1 });
      return 0;
    }
    if (window.used < limit) {
      window.used += 1;
      return 0;
    }
    return window.start + windowMs - now;
  }
}

/**
 * A sliding window with a lock-out, as Airtable has it: one request too many, and for the length of
 * the lock-out every request of that key is refused.
 */
export class SlidingWindows {
  readonly #granted = new Map<string, number[]>();
  readonly #lockedUntil = new Map<string, number>();

  take(key: string, now: number, limit: number, windowMs: number, lockoutMs: number): number {
    const lockedUntil = this.#lockedUntil.get(key) ?? 0;
    if (now < lockedUntil) return lockedUntil - now;
    const recent = (this.#granted.get(key) ?? []).filter((time) => now - time < windowMs);
    this.#granted.set(key, recent);
    if (recent.length < limit) {
      recent.push(now);
      return 0;
    }
    this.#lockedUntil.set(key, now + lockoutMs);
    return Math.max(lockoutMs, 1);
  }
}
