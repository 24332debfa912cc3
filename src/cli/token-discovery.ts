import type { CatalogFile } from '../catalog/file.ts';
import { NO_TOKEN } from '../catalog/file-schema.ts';
import type { DiscoveredAccount } from '../catalog/init.ts';
import { readSecret, type Environment } from '../config.ts';
import { DEFAULT_OPTIONS } from '../contract/options.ts';
import { configurationError, usageError } from '../errors.ts';
import { openSession } from '../platforms/open-session.ts';
import type { DiscoveredSource, Identity, Platform } from '../platforms/platform.ts';
import type { Platforms } from '../platforms/registry.ts';
import type { PlatformSession } from '../platforms/session.ts';
import { createRateBudget } from '../platforms/rate-limit.ts';
import type { Database } from '../store/database.ts';
import { reportFailure, type FailureReport } from './failure-report.ts';
import { namedPlatform } from './platforms.ts';

/** A token to look through, by the account that has it or would get it. */
export interface TokenToTry {
  readonly platform: Platform;
  readonly account: string;
  /** `env:NAME`, `file:PATH` or `none`. */
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

/**
 * The platforms to look at: the one that is named, else all that need not be told where. Throws a usage error for a
 * name that is not registered, and for a place that is missing or not asked for.
 */
export function choosePlatforms(
  all: Platforms,
  {
    platform: name,
    place,
  }: { readonly platform: string | undefined; readonly place: string | undefined },
): readonly Platform[] {
  if (name === undefined) {
    if (place === undefined) return [...all.values()].filter((one) => one.place === undefined);
    const placed = [...all.values()].find((one) => one.place !== undefined)?.name ?? 'NAME';
    throw usageError(
      `say which platform is to look at ${place}`,
      `appsync init --platform ${placed} ${place}`,
    );
  }
  const platform = namedPlatform(all, name);
  if (platform.place === undefined && place !== undefined) {
    throw usageError(
      `${platform.title} takes no place to look at`,
      `appsync init --platform ${name}`,
    );
  }
  if (platform.place !== undefined && place === undefined) {
    throw usageError(
      `${platform.title} needs to know where to look: ${platform.place}`,
      `appsync init --platform ${name} PLACE`,
    );
  }
  return [platform];
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
    const reference = variable === undefined ? NO_TOKEN : `env:${variable}`;
    const isUsable = variable !== undefined || platform.credentials === 'optional';
    const isNew = isUsable && !accounts.some((token) => token.reference === reference);
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

/** Through what a token is tried. */
export interface TokenSurroundings {
  readonly db: Database;
  readonly env: Environment;
  readonly salt: string;
  readonly onWait?: (until: Date | null) => void;
}

/** Reaches the platform of a token. Throws for one that its reference does not lead to. */
export const openTokenSession = (
  { platform, account, reference, plan, rate }: TokenToTry,
  { db, env, salt, onWait }: TokenSurroundings,
): PlatformSession =>
  openSession(
    platform,
    { account, token: readSecret(reference, env), plan, rate },
    { env, salt, budget: createRateBudget(db) },
    {
      signal: new AbortController().signal,
      poolSize: DEFAULT_OPTIONS.pool_size,
      count: () => {},
      ...(onWait === undefined ? {} : { onWait }),
    },
  );

/**
 * What a token sees; `place`: where to look, for platforms that have to be told. Never throws for a bad token: the others
 * shall be looked through, too.
 */
export async function discover(
  token: TokenToTry,
  from: TokenSurroundings & { readonly place?: string | undefined },
): Promise<Discovery> {
  const { platform, account, reference } = token;
  try {
    const session = openTokenSession(token, from);
    const identity = await session.identify();
    const sources = await distinctSources(session.discover(from.place));
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
