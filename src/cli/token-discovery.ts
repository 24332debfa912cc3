import type { CatalogFile } from '../catalog/file.ts';
import type { DiscoveredAccount } from '../catalog/init.ts';
import { readSecret, type Environment } from '../config.ts';
import { DEFAULT_OPTIONS } from '../contract/options.ts';
import { configurationError, usageError } from '../errors.ts';
import { tokenFingerprint } from '../platforms/fingerprint.ts';
import type { DiscoveredSource, Identity, Platform } from '../platforms/platform.ts';
import type { Platforms } from '../platforms/registry.ts';
import { createRateBudget } from '../platforms/rate-limit.ts';
import { createRequests } from '../platforms/requests.ts';
import type { Database } from '../store/database.ts';
import { reportFailure, type FailureReport } from './failure-report.ts';
import { didYouMean } from './suggest.ts';

/** A token to look through, by the account that has it or would get it. */
export interface TokenToTry {
  readonly platform: Platform;
  readonly account: string;
  /** `env:NAME` or `file:PATH`. */
  readonly reference: string;
  readonly plan: string | null;
  readonly rate: number | null;
}

/** What came of one token: what it sees, or why it could not be used. */
export type Discovery =
  | {
      readonly kind: 'found';
      readonly identity: Identity;
      readonly account: DiscoveredAccount;
    }
  | { readonly kind: 'failed'; readonly token: TokenToTry; readonly failure: FailureReport };

/** The platforms to look at. Throws a usage error when the one that was named is not registered. */
export function choosePlatforms(all: Platforms, name: string | undefined): readonly Platform[] {
  if (name === undefined) return [...all.values()];
  const platform = all.get(name);
  if (platform !== undefined) return [platform];
  throw usageError(
    `unknown platform "${name}"`,
    didYouMean(name, all.keys()) ?? `known platforms: ${[...all.keys()].join(', ')}`,
  );
}

/**
 * The tokens that the environment has and those that accounts of the file refer to, each once. Throws a
 * configuration error that names every variable when there is none.
 */
export function findTokens(
  platforms: readonly Platform[],
  existing: CatalogFile | null,
  env: Environment,
): readonly TokenToTry[] {
  const tokens = platforms.flatMap((platform): readonly TokenToTry[] => {
    const known = (existing?.accounts ?? []).filter(
      (account) => account.platform === platform.name,
    );
    const accounts = known.map(({ name, token, plan, rate_limit }): TokenToTry => {
      return { platform, account: name, reference: token, plan, rate: rate_limit };
    });
    const variable = platform.environment.token.find((name) => (env[name] ?? '') !== '');
    const reference = `env:${variable}`;
    const isNew =
      variable !== undefined && !accounts.some((token) => token.reference === reference);
    const own = { platform, account: platform.name, reference, plan: null, rate: null };
    return isNew ? [...accounts, own] : accounts;
  });
  if (tokens.length > 0) return tokens;
  const variables = platforms.map(({ environment }) => environment.token.join(' or '));
  throw configurationError(
    `no token found: set ${variables.join(', or ')}`,
    `export ${platforms[0]?.environment.token[0] ?? 'TOKEN'}=<token>, or put it into .env`,
  );
}

/** The variables of those platforms that have no token at all. */
export const platformsWithoutToken = (
  platforms: readonly Platform[],
  tokens: readonly TokenToTry[],
): readonly Platform[] =>
  platforms.filter((platform) => !tokens.some((token) => token.platform === platform));

/** What a token sees. Never throws for a bad token: the others shall be looked through, too. */
export async function discover(
  token: TokenToTry,
  from: {
    readonly db: Database;
    readonly env: Environment;
    readonly salt: string;
    readonly onWait: (until: Date | null) => void;
  },
): Promise<Discovery> {
  const { platform, account, reference } = token;
  try {
    const secret = readSecret(reference, from.env);
    const requests = createRequests({
      budget: createRateBudget(from.db),
      account,
      signal: new AbortController().signal,
      poolSize: DEFAULT_OPTIONS.pool_size,
      count: () => {},
      onWait: from.onWait,
    });
    const session = platform.connect(
      {
        account,
        token: secret,
        fingerprint: tokenFingerprint(secret, from.salt),
        base_url: from.env[platform.environment.base_url] || undefined,
        plan: token.plan,
        rate: token.rate,
        pool_size: DEFAULT_OPTIONS.pool_size,
      },
      requests,
    );
    const identity = await session.identify();
    const sources = await distinctSources(session.discover());
    const found = { platform: platform.name, account, token: reference, sources };
    return { kind: 'found', identity, account: found };
  } catch (error) {
    return { kind: 'failed', token, failure: reportFailure(error) };
  }
}

/** Platforms may name a source twice; the first one stands. */
async function distinctSources(
  sources: AsyncIterable<DiscoveredSource>,
): Promise<readonly DiscoveredSource[]> {
  const byId = new Map<string, DiscoveredSource>();
  for await (const source of sources) {
    if (!byId.has(source.external_id)) byId.set(source.external_id, source);
  }
  return [...byId.values()];
}
