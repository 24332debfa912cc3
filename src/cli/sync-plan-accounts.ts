import { groupBy } from '../group-by.ts';
import { readSecret, type Environment } from '../config.ts';
import type { Estimate } from '../contract/scan-cost.ts';
import { AppsyncError } from '../errors.ts';
import type { Platform, SourceRef } from '../platforms/platform.ts';
import type { Platforms } from '../platforms/registry.ts';
import type { PlanFacts } from '../store/plan-facts.ts';
import type { PlannedSource } from './sync-plan-source.ts';

/** What a sync would ask of one account, all its sources together: they share one budget. */
export interface PlannedAccount {
  readonly account: string;
  readonly platform: string;
  /** Sources that would be synced. */
  readonly sources: number;
  readonly requests: Estimate;
  /** Requests per second of its budget. */
  readonly rate: number;
  /** What its budget makes of the requests. */
  readonly seconds: Estimate;
  /** Why its token cannot be read here; null: it can. */
  readonly token_problem: string | null;
  /** The platform lets it send nothing until then. */
  readonly blocked: { readonly until: string; readonly reason: string | null } | null;
  /** Requests of this database's syncs and comparisons since the month began (UTC), and what the plan allows, where it is known. */
  readonly month: { readonly requests: number; readonly limit: number | null };
}

export interface AccountKnowledge {
  readonly platforms: Platforms;
  readonly env: Environment;
  /** Asked for this run, for every account. */
  readonly rate: number | undefined;
  readonly blocked: ReadonlyMap<string, { readonly until: string; readonly reason: string | null }>;
  readonly monthly: ReadonlyMap<string, number>;
}

interface Part {
  readonly source: PlannedSource;
  readonly facts: PlanFacts;
}

/** The plan by account, in the order of their names. */
export function planAccounts(
  parts: readonly Part[],
  knowledge: AccountKnowledge,
): readonly PlannedAccount[] {
  const byAccount = groupBy(parts, ({ source }) => source.account);
  return [...byAccount.values()]
    .map((of) => planAccount(of, knowledge))
    .toSorted((a, b) => (a.account < b.account ? -1 : 1));
}

function planAccount(parts: readonly Part[], knowledge: AccountKnowledge): PlannedAccount {
  const [first] = parts;
  if (first === undefined) throw new Error('an account without sources is not planned');
  const { account, platform: name } = first.source;
  const platform = knowledge.platforms.get(name);
  const synced = parts.filter(({ source }) => source.outcome === 'sync');
  const rate = rateOf(first.facts, platform, knowledge.rate);
  const slices = groupBy(synced, ({ facts }) => platform?.budgetPart?.(facts.ref as SourceRef));
  const requestsOf = (of: readonly Part[]) => sum(of.map(({ source }) => source.requests));
  const requests = requestsOf(synced);
  const busiest = longest([...slices.values()].map(requestsOf));
  const overall = Math.max(rate, platform?.accountRate ?? rate);
  return {
    account,
    platform: name,
    sources: synced.length,
    requests,
    rate,
    seconds: longest([scale(busiest, 1 / rate), scale(requests, 1 / overall)]),
    token_problem: tokenProblem(first.facts.token_ref, knowledge.env),
    blocked: knowledge.blocked.get(account) ?? null,
    month: {
      requests: knowledge.monthly.get(account) ?? 0,
      limit: platform?.monthlyRequests?.[first.facts.plan ?? ''] ?? null,
    },
  };
}

function rateOf(
  { rate_limit, plan }: PlanFacts,
  platform: Platform | undefined,
  asked: number | undefined,
): number {
  const [standard = 1] = Object.values(platform?.plans ?? {});
  return asked ?? rate_limit ?? platform?.plans[plan ?? ''] ?? standard;
}

function tokenProblem(reference: string, env: Environment): string | null {
  try {
    readSecret(reference, env);
    return null;
  } catch (error) {
    if (error instanceof AppsyncError) return error.message;
    throw error;
  }
}

const ZERO: Estimate = { expected: 0, least: 0, most: 0 };

/** One after the other. */
export const sum = (estimates: readonly Estimate[]): Estimate =>
  combine(estimates, (a, b) => a + b);

/** Side by side: the longest counts. */
export const longest = (estimates: readonly Estimate[]): Estimate =>
  combine(estimates, (a, b) => Math.max(a, b));

/** A number that is not known makes what it is part of not known. */
function combine(estimates: readonly Estimate[], by: (a: number, b: number) => number): Estimate {
  const known = (a: number | null, b: number | null) =>
    a === null || b === null ? null : by(a, b);
  return estimates.reduce(
    (a, b) => ({
      expected: known(a.expected, b.expected),
      least: by(a.least, b.least),
      most: known(a.most, b.most),
    }),
    ZERO,
  );
}

const scale = ({ expected, least, most }: Estimate, by: number): Estimate => ({
  expected: expected === null ? null : expected * by,
  least: least * by,
  most: most === null ? null : most * by,
});
