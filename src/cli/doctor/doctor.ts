import type { CatalogFile } from '../../catalog/file.ts';
import { readConfigLeniently, type Config } from '../../config.ts';
import type { ExitCode } from '../../errors.ts';
import type { Platform } from '../../platforms/platform.ts';
import { stackStatus, type StackStatus } from '../../stack/stack.ts';
import { openDatabase } from '../../store/database.ts';
import { readEncryptionKeys } from '../../temporal/encryption-keys.ts';
import { version } from '../../version.ts';
import type { CommandContext } from '../command.ts';
import { waitAtMost } from '../pause.ts';
import { knownPlatforms } from '../platforms.ts';
import { findTokens, type TokenToTry } from '../token-discovery.ts';
import { checkApplied, checkCatalogFile } from './catalog-file.ts';
import { checkClock } from './clocks.ts';
import { checkMachine } from './environment.ts';
import { findingsOf, lookWithin, type Area, type Finding } from './finding.ts';
import { checkPostgres, type ReadyDatabase } from './postgres.ts';
import { reportFindings } from './report.ts';
import { checkTemporal } from './temporal.ts';
import { askWithToken, checkTokenIsSet } from './tokens.ts';

/** For the looks at one area. A platform may make a token wait for its budget. */
const AREA_MS = 10_000;
const TOKEN_MS = 20_000;
/** Leaves time to read a record. */
const LISTING_MS = 12_000;
const CLOSE_MS = 2_000;

/** What all looks share. */
interface Examination {
  readonly context: CommandContext;
  readonly config: Config;
  readonly stack: StackStatus;
  readonly of: (area: Area) => ReturnType<typeof findingsOf>;
}

/** `appsync doctor`: looks at everything a sync needs and starts nothing. */
export async function runDoctor(
  context: CommandContext,
  { offline }: { readonly offline: boolean },
): Promise<ExitCode> {
  const findings: Finding[] = [];
  const of = (area: Area) => findingsOf(area, (finding) => findings.push(finding));
  const config = await lenientConfig(context, of('environment'));
  const stack = await stackStatus({
    home: config.home,
    log: (line) => of('temporal').warn(line, 'appsync down && appsync up'),
  });
  await examine({ context, config, stack, of }, offline);
  return reportFindings(context, findings);
}

async function examine(examination: Examination, offline: boolean): Promise<void> {
  const { context, config, of } = examination;
  const url = examination.config.databaseUrl ?? examination.stack.postgres?.url;
  const db = url === undefined ? null : openDatabase(url);
  try {
    const [, file, ready] = await Promise.all([
      lookWithin(AREA_MS, 'environment', of('environment'), () =>
        checkMachine(config, context.io.cwd, of('environment'), process.version),
      ),
      lookWithin(AREA_MS, 'catalog', of('catalog'), () => checkCatalogFile(config, of('catalog'))),
      lookWithin(AREA_MS, 'postgres', of('postgres'), async () => {
        if (db !== null) return checkPostgres(db, of('postgres'), context.io.now);
        of('postgres').skip('the local stack is down', 'appsync up');
        return null;
      }),
    ]);
    of('versions').ok(`appsync ${version()}`);
    await Promise.all([
      examineApplied(examination, file ?? null, ready ?? null),
      examineTemporal(examination, ready ?? null),
      examineTokens(examination, file ?? null, ready ?? null, offline),
    ]);
  } finally {
    if (db !== null) await waitAtMost(db.end(), CLOSE_MS);
  }
}

async function lenientConfig(
  { io }: CommandContext,
  findings: ReturnType<typeof findingsOf>,
): Promise<Config> {
  const env = await io.loadEnvironment().catch((error: unknown) => {
    findings.thrown(error);
    return io.env;
  });
  const { config, mistakes } = readConfigLeniently(env, io.cwd);
  for (const error of mistakes) findings.thrown(error);
  try {
    readEncryptionKeys(config.env);
  } catch (error) {
    findings.thrown(error);
  }
  return config;
}

async function examineApplied(
  { of }: Examination,
  file: CatalogFile | null,
  ready: ReadyDatabase | null,
): Promise<void> {
  if (ready === null) return;
  of('versions').ok(`Postgres ${ready.version}`);
  checkClock('Postgres', ready.aheadMs, of('clocks'));
  if (file === null) return;
  await lookWithin(AREA_MS, 'catalog', of('catalog'), () =>
    checkApplied(ready.db, file, of('catalog')),
  );
}

async function examineTemporal(
  { context, config, stack, of }: Examination,
  ready: ReadyDatabase | null,
): Promise<void> {
  const findings = of('temporal');
  const address = config.temporalAddress ?? stack.temporal?.address;
  if (address === undefined) {
    findings.skip('the local stack is down', 'appsync up');
    return;
  }
  await lookWithin(AREA_MS, 'temporal', findings, async () => {
    const { connectTemporal } = await import('../../client.ts');
    const temporal = await connectTemporal({ address, env: config.env });
    try {
      const isRemote = config.databaseUrl !== undefined && config.temporalAddress !== undefined;
      const place = isRemote ? 'remote' : 'local';
      const id = ready?.installation?.id ?? null;
      const server = await checkTemporal(temporal, id, place, findings, context.io.now());
      of('versions').ok(`Temporal ${server}`);
    } finally {
      await temporal.close();
    }
  });
}

async function examineTokens(
  examination: Examination,
  file: CatalogFile | null,
  ready: ReadyDatabase | null,
  offline: boolean,
): Promise<void> {
  const { config, of } = examination;
  const findings = of('tokens');
  await lookWithin(TOKEN_MS + AREA_MS, 'tokens', findings, async () => {
    const platforms = [...(await knownPlatforms(config)).values()];
    const tokens = findTokens(
      platforms.filter((platform) => isConcerned(platform, file)),
      file,
      config.env,
    );
    await Promise.all(
      tokens.map(async (token) => {
        const secret = checkTokenIsSet(token, config.env, findings);
        if (secret === null) return;
        const salt = ready?.installation?.salt;
        if (offline) findings.skip(`${token.account}: not asked (--offline)`);
        else if (ready === null || salt === undefined) {
          findings.skip(
            `${token.account}: not asked, as the request budget is in Postgres, which is not ready`,
            'appsync up',
          );
        } else await examineToken(examination, token, secret, file, ready.db, salt);
      }),
    );
  });
}

/** A platform that has to be told where to look is nobody's before an account of it is. */
const isConcerned = ({ name, place }: Platform, file: CatalogFile | null): boolean =>
  place === undefined || (file?.accounts ?? []).some(({ platform }) => platform === name);

/** The signal ends requests and waits for the budget: nothing is left at work when the time is over. */
async function examineToken(
  { context, config, of }: Examination,
  token: TokenToTry,
  secret: string,
  file: CatalogFile | null,
  db: ReadyDatabase['db'],
  salt: string,
): Promise<void> {
  const findings = of('tokens');
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new Error(`${token.account}: no answer within ${TOKEN_MS / 1000} s`));
  }, TOKEN_MS);
  const asking = {
    db,
    salt,
    signal: late.signal,
    now: context.io.now,
    clocks: of('clocks'),
    listingMs: LISTING_MS,
  };
  try {
    await askWithToken(token, secret, file, config.env, asking, findings);
  } catch (error) {
    findings.thrown(error, 'appsync doctor');
  } finally {
    clearTimeout(timer);
    // A listing that took too long may still be at it.
    late.abort();
  }
}
