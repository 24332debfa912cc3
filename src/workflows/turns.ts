import type { ResolvedSource } from '../contract/activities.ts';

/**
 * Sources that share a budget and are at work at once are worth so many seconds of its rate. Requests are served in
 * turn, so this is how long a listing's cursor stays unused between two pages; more sources would not be faster.
 */
const TURN_SECONDS = 5;

/**
 * Whether a source may begin beside those at work. `rateLimit` is the run's own; without any rate (runs that began
 * under an earlier version) nothing keeps it from that.
 */
export function hasTurn(
  { budget }: ResolvedSource,
  atWork: readonly ResolvedSource[],
  rateLimit: number | undefined,
): boolean {
  if (budget === undefined) return true;
  const sharing = atWork.filter((other) => other.budget?.key === budget.key);
  return sharing.length < Math.max(1, Math.floor((rateLimit ?? budget.rate) * TURN_SECONDS));
}
