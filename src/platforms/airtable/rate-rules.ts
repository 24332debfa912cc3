import type { RateRule } from '../platform.ts';

/** All tokens of one user together, as documented. */
export const TOKEN_RATE = 50;
const WINDOW_MS = 1000;

/**
 * Requests of one token over all bases. Whoever asks for more for one base (as the bench does of a
 * simulator) means it for the token, too.
 */
export function tokenRule(fingerprint: string, rate: number): RateRule {
  return perSecond(`airtable:${fingerprint}`, Math.max(TOKEN_RATE, rate));
}

/** Requests of one base: one too many in any second locks the base for everybody for 30 s. */
export function baseRule(fingerprint: string, base: string, rate: number): RateRule {
  return perSecond(`airtable:${fingerprint}:${base}`, rate);
}

/** Less than one request a second keeps its single grant and stretches the window. */
function perSecond(key: string, rate: number): RateRule {
  if (rate < 1) return { key, rate, window_ms: Math.ceil(WINDOW_MS / rate), limit: 1, burst: 1 };
  const limit = Math.floor(rate);
  return { key, rate, window_ms: WINDOW_MS, limit, burst: limit };
}
