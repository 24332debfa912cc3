import type { RateRule } from '../platform.ts';
import { perSecond } from '../rate-rule.ts';

/** All tokens of one user together, as documented. */
export const TOKEN_RATE = 50;

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
