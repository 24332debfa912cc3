import type { CatalogFile, CatalogSource } from '../../catalog/file.ts';
import { readSecret, type Environment } from '../../config.ts';
import { DEFAULT_OPTIONS } from '../../contract/options.ts';
import { EXIT } from '../../errors.ts';
import { openSession } from '../../platforms/open-session.ts';
import type { PlatformSession } from '../../platforms/session.ts';
import { createRateBudget } from '../../platforms/rate-limit.ts';
import type { Database } from '../../store/database.ts';
import { formatAmount } from '../../units.ts';
import { lookFor } from '../sight.ts';
import type { TokenToTry } from '../token-discovery.ts';
import { checkClock } from './clocks.ts';
import { checkFileMode } from './environment.ts';
import type { Findings } from './finding.ts';

/** Through which budget platforms may be asked, and until when. */
export interface Asking {
  readonly db: Database;
  readonly salt: string;
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly clocks: Findings;
  /** How long what a token sees is listed at most. */
  readonly listingMs: number;
}

/** Whether the variable or file of a token is there; returns the token, or null after telling why not. */
export function checkTokenIsSet(
  { account, reference }: TokenToTry,
  env: Environment,
  findings: Findings,
): string | null {
  try {
    const secret = readSecret(reference, env);
    findings.ok(`${account}: ${reference} is set`);
    if (reference.startsWith('file:')) checkFileMode(reference.slice('file:'.length), findings);
    return secret;
  } catch (error) {
    findings.thrown(error);
    return null;
  }
}

/** Asks the platform who the token is, what it sees, and for one record: each needs another right. */
export async function askWithToken(
  token: TokenToTry,
  secret: string,
  file: CatalogFile | null,
  env: Environment,
  asking: Asking,
  findings: Findings,
): Promise<void> {
  const session = connect(token, secret, env, asking);
  const { account } = token;
  const identity = await session.identify();
  const where = identity.workspace === null ? '' : ` in ${identity.workspace}`;
  findings.ok(`${account}: the token is valid (${identity.name}${where})`);
  const sources = (file?.sources ?? []).filter((source) => source.account === account);
  const [sample] = await checkSight(token, session, sources, asking, findings);
  if (sample === undefined) findings.skip(`${account}: no source of it to read a record from`);
  else await readOne(token, session, sample, asking, findings);
}

function connect(token: TokenToTry, secret: string, env: Environment, asking: Asking) {
  const { platform, account, plan, rate } = token;
  return openSession(
    platform,
    { account, token: secret, plan, rate },
    { env, salt: asking.salt, budget: createRateBudget(asking.db) },
    { signal: asking.signal, poolSize: DEFAULT_OPTIONS.pool_size, count: () => {} },
  );
}

/** Returns those of the catalog's sources that the token sees. A token that may not list them is one more finding. */
async function checkSight(
  { account, platform }: TokenToTry,
  session: PlatformSession,
  sources: readonly CatalogSource[],
  { listingMs }: Asking,
  findings: Findings,
): Promise<readonly CatalogSource[]> {
  const wanted = sources.filter(({ enabled, ref }) => enabled && ref['list'] === undefined);
  // What has to be told where to look lists nothing by itself.
  if (platform.place !== undefined) return wanted;
  const ids = wanted.map(({ external_id }) => external_id);
  const sight = await lookFor(session, ids, listingMs).catch((error: unknown) => {
    findings.thrown(error);
    return null;
  });
  if (sight === null) return wanted;
  const { seen, unseen, isWhole } = sight;
  const isSeen = ({ external_id }: CatalogSource) => !unseen.has(external_id);
  const names = firstNames(wanted.filter((one) => !isSeen(one)).map(({ alias }) => alias));
  if (unseen.size === 0 && wanted.length > 0) {
    const amount = formatAmount(wanted.length, 'source');
    findings.ok(`${account}: the token sees the ${amount} of it in the catalog`);
  } else if (isWhole) findings.ok(`${account}: the token sees ${formatAmount(seen, 'source')}`);
  if (unseen.size > 0 && isWhole) {
    findings.fail(
      EXIT.credentials,
      `${account}: the token does not see ${names}`,
      `share them with the integration or token of ${account} in ${platform.title}, then: appsync doctor`,
    );
  } else if (!isWhole) {
    findings.warn(
      `${account}: what the token sees takes longer than ${listingMs / 1000} s to list; not seen so far: ${names}`,
      'appsync sync-dry --live',
    );
  }
  return wanted.filter(isSeen);
}

const NAMED = 5;

const firstNames = (names: readonly string[]): string =>
  names.length > NAMED
    ? `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`
    : names.join(', ');

/** One record without its values: enough to know whether records may be read, and what time it is there. */
async function readOne(
  { account, platform }: TokenToTry,
  session: PlatformSession,
  source: CatalogSource,
  asking: Asking,
  findings: Findings,
): Promise<void> {
  const version = (await session.readVersion?.(source.ref))?.version;
  const scan = { ref: source.ref, mode: 'full', since: null, version } as const;
  const [window] = session.planScan(scan);
  if (window === undefined) return;
  const { evidence } = await session.fetchBatch({
    ...scan,
    columns: [],
    window,
    free_window: 1_000,
    max_records: 1,
    isTimeUp: () => false,
  });
  findings.ok(`${account}: records of ${source.alias} can be read`);
  if (evidence.server_time === null) return;
  checkClock(platform.title, Date.parse(evidence.server_time) - asking.now(), asking.clocks);
}
