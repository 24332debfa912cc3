import type { RateRule } from '../platform.ts';

const WINDOW_MS = 60_000;
const WINDOW_SECONDS = WINDOW_MS / 1000;
const BURST_SECONDS = 10;

/**
 * Notion counts requests of one connection per minute. A rate below one request a minute keeps its
 * single grant and stretches the window.
 */
export function rateRule(fingerprint: string, rate: number): RateRule {
  const limit = Math.max(1, wholeGrants(rate * WINDOW_SECONDS));
  return {
    key: `notion:${fingerprint}`,
    rate,
    window_ms: Math.max(WINDOW_MS, Math.ceil(1000 / rate)),
    limit,
    burst: Math.min(limit, Math.max(1, wholeGrants(rate * BURST_SECONDS))),
  };
}

/** Rounds down, except for what only binary fractions took away (0.55 · 60 is 33). */
const wholeGrants = (grants: number) => Math.floor(grants + 1e-9);
