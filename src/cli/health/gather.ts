import { listAccounts } from '../../catalog/accounts.ts';
import { ensureInstallation, type Installation } from '../../catalog/installation.ts';
import type { TemporalConnection } from '../../client.ts';
import type { Config } from '../../config.ts';
import { reasonOf } from '../../errors.ts';
import { within } from '../../observe/within.ts';
import { createRateBudget } from '../../platforms/rate-limit.ts';
import { stackStatus, type StackSettings } from '../../stack/stack.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import {
  isDueAskedFor,
  readFailureCauses,
  readRecentOutcomes,
  readUnfinishedRuns,
  readWatchedSources,
  type UnfinishedRun,
  type WatchedSource,
} from '../../store/health.ts';
import { lostTo } from '../find-run.ts';
import { waitAtMost } from '../pause.ts';
import { knownPlatforms } from '../platforms.ts';
import { lookFor } from '../sight.ts';
import { openTokenSession } from '../token-discovery.ts';
import { reportFailure } from '../failure-report.ts';
import type { Platform } from '../../platforms/platform.ts';
import type { PlatformSession } from '../../platforms/session.ts';
import type { AccountFacts, Answer, HealthFacts, StoredFacts, TemporalFacts } from './facts.ts';

/** Each part gets this long, all of them at once as far as they can. */
const ANSWER_MS = 3_000;
/** A token is looked through in pages, each of which may wait for the budget. */
const ACCOUNT_MS = 20_000;
/** Of that for listing what it sees: the rest is for finding out who it is. */
const LISTING_MS = 12_000;
const CLOSE_MS = 500;
/** Workflows are asked about one by one. */
const MOST_RUNS_ASKED = 50;

export interface HealthQuestion {
  readonly config: Config;
  readonly settings: StackSettings;
  readonly hours: number;
  /** Also ask the platforms what each token can see. */
  readonly deep: boolean;
  readonly now: number;
}

/** Looks at everything and starts nothing. Never throws: what does not answer in time is a fact, too. */
export async function gatherHealth(question: HealthQuestion): Promise<HealthFacts> {
  const { config, settings, hours, now, deep } = question;
  const local = await stackStatus(settings);
  const databaseUrl = config.databaseUrl ?? local.postgres?.url;
  const address = config.temporalAddress ?? local.temporal?.address;
  const db = databaseUrl === undefined ? null : openDatabase(databaseUrl, 6);
  const connecting = connect(config, address);
  // It is awaited once Postgres has answered or not.
  connecting.catch(() => {});
  try {
    const postgres = await answerOf('Postgres', readStored(db, hours));
    const installation = postgres.kind === 'answered' ? postgres.value.installation : null;
    const runs = postgres.kind === 'answered' ? postgres.value.facts.runs : [];
    const sources = postgres.kind === 'answered' ? postgres.value.facts.sources : [];
    const looksDeeper = deep && db !== null && installation !== null;
    const [temporal, accounts] = await Promise.all([
      answerOf('Temporal', askTemporal(connecting, installation, runs, now)),
      looksDeeper ? askAccounts(db, installation, config, sources) : [],
    ]);
    const stored: Answer<StoredFacts> =
      postgres.kind === 'answered' ? { kind: 'answered', value: postgres.value.facts } : postgres;
    return { now, hours, postgres: stored, temporal, accounts };
  } finally {
    const closing = connecting.then((connection) => connection.close());
    await waitAtMost(Promise.allSettled([closing, db?.end()]), CLOSE_MS);
  }
}

async function answerOf<T>(who: string, work: Promise<T>): Promise<Answer<T>> {
  try {
    return { kind: 'answered', value: await within(ANSWER_MS, who, work) };
  } catch (error) {
    return { kind: 'silent', reason: reasonOf(error) };
  }
}

async function connect(config: Config, address: string | undefined): Promise<TemporalConnection> {
  // Without an address, and without a profile that names one, the local stack is meant.
  if (address === undefined) throw new Error('not running; appsync up starts it');
  const { connectTemporal } = await import('../../client.ts');
  return connectTemporal({ address, env: config.env });
}

async function readStored(
  db: Database | null,
  hours: number,
): Promise<{ readonly installation: Installation; readonly facts: StoredFacts }> {
  if (db === null) throw new Error('not running; appsync up starts it');
  const [installation, outcomes, sources, failing, runs, budgets, due_asked_for] =
    await Promise.all([
      ensureInstallation(db),
      readRecentOutcomes(db, hours),
      readWatchedSources(db),
      readFailureCauses(db),
      readUnfinishedRuns(db),
      createRateBudget(db).status(),
      isDueAskedFor(db, hours),
    ]);
  return { installation, facts: { outcomes, sources, failing, runs, budgets, due_asked_for } };
}

/** null: it answers, and no more can be asked while nobody knows the installation. */
async function askTemporal(
  connecting: Promise<TemporalConnection>,
  installation: Installation | null,
  runs: readonly UnfinishedRun[],
  now: number,
): Promise<TemporalFacts | null> {
  const temporal = await connecting;
  if (installation === null) return null;
  const [{ readPolled }, { listSchedules }] = await Promise.all([
    import('../../client/deployments.ts'),
    import('../../client/schedules.ts'),
  ]);
  const [polled, schedules, lost] = await Promise.all([
    readPolled(temporal, installation.id, now),
    listSchedules(temporal, installation.id),
    findLost(temporal, runs, now),
  ]);
  return { polling: polled.polling.length, schedules, lost };
}

async function findLost(
  temporal: TemporalConnection,
  runs: readonly UnfinishedRun[],
  now: number,
): Promise<ReadonlyMap<string, string>> {
  const { describeRun } = await import('../../client/run-control.ts');
  const asked = runs.slice(0, MOST_RUNS_ASKED).map(async (run) => {
    const why = lostTo(await describeRun(temporal, run.workflow_id), run, now);
    return why === null ? [] : [[run.run_id, why] as const];
  });
  return new Map((await Promise.all(asked)).flat());
}

/** What each account's token can see, through the rate budget that everybody shares. */
async function askAccounts(
  db: Database,
  installation: Installation,
  config: Config,
  sources: readonly WatchedSource[],
): Promise<readonly AccountFacts[]> {
  const { env } = config;
  const platforms = await knownPlatforms(config);
  const accounts = await listAccounts(db);
  return Promise.all(
    accounts.map(async (account): Promise<AccountFacts> => {
      const { name, token_ref: reference, plan, rate_limit: rate } = account;
      const platform = platforms.get(account.platform);
      const refused = (reason: string, hint: string | null): AccountFacts => ({
        kind: 'refused',
        account: name,
        reason,
        hint,
      });
      if (platform === undefined) return refused(`unknown platform ${account.platform}`, null);
      const own = sources.filter((source) => source.account === name && !source.is_listing);
      const token = { platform, account: name, reference, plan, rate };
      const look = async (): Promise<AccountFacts> => {
        const session = openTokenSession(token, { db, env, salt: installation.salt });
        const identity = await session.identify();
        const out = await outOfSight(platform, session, own);
        return {
          kind: 'accepted',
          account: name,
          identity: identity.name,
          sources: own.length,
          out_of_sight: out.map(({ alias }) => alias),
        };
      };
      return within(ACCOUNT_MS, platform.title, look()).catch((error: unknown) => {
        const { message, hint } = reportFailure(error);
        return refused(message, hint ?? null);
      });
    }),
  );
}

/** The sources that an account does not list. None where that cannot be said: a large workspace takes long to list. */
async function outOfSight(
  platform: Platform,
  session: PlatformSession,
  own: readonly WatchedSource[],
): Promise<readonly WatchedSource[]> {
  // What has to be told where to look lists nothing by itself.
  if (platform.place !== undefined || own.length === 0) return [];
  const ids = own.map(({ external_id }) => external_id);
  const { unseen, isWhole } = await lookFor(session, ids, LISTING_MS);
  return isWhole ? own.filter(({ external_id }) => unseen.has(external_id)) : [];
}
