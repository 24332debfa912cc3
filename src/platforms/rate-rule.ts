import type { RateRule } from './platform.ts';

const WINDOW_MS = 1000;

/**
 * So many requests in any second, one after the other: several at once delay each other on their way. Less than one a
 * second keeps its single grant and stretches the window.
 */
export function perSecond(key: string, rate: number): RateRule {
  if (rate < 1) return { key, rate, window_ms: Math.ceil(WINDOW_MS / rate), limit: 1, burst: 1 };
  const limit = Math.floor(rate);
  return { key, rate, window_ms: WINDOW_MS, limit, burst: 1 };
}
