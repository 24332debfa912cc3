import { catalogChanged, withCatalogApplied } from '../catalog/apply.ts';
import type { CatalogFile } from '../catalog/file.ts';
import { findSources, type SourceRow } from '../catalog/source-query.ts';
import type { Environment } from '../config.ts';
import type { Estimate } from '../contract/scan-cost.ts';
import { targetName, type Filters, type Target } from '../contract/target.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import type { Platforms } from '../platforms/registry.ts';
import { readTogether, type Queryable } from '../store/database.ts';
import { readStandingTables } from '../store/destination/planned-tables.ts';
import {
  readBlocked,
  readMonthlyRequests,
  readPlanFacts,
  type PlanFacts,
} from '../store/plan-facts.ts';
import { formatAmount } from '../units.ts';
import type { CommandContext } from './command.ts';
import type { Session } from './session.ts';
import { syncCommandLine } from './sync-command-line.ts';
import { groupBy } from '../group-by.ts';
import { longest, planAccounts, sum, type PlannedAccount } from './sync-plan-accounts.ts';
import { findNotDue, type NotDueSource } from './sync-plan-not-due.ts';
import { readSchemas } from './sync-plan-live.ts';
import { showPlan } from './sync-plan-output.ts';
import { planSource, type LiveSchema, type PlannedSource } from './sync-plan-source.ts';
import type { SyncRequest } from './sync-options.ts';
import { resolveTargetAndFilters } from './sync-target.ts';

type NamedRequest = SyncRequest & { readonly target: string };

/** What a sync would do, and what it would take. */
export interface SyncPlan {
  readonly target: string;
  readonly filters: Filters;
  readonly sources: readonly PlannedSource[];
  /** With `--only-due` only. */
  readonly not_due?: readonly NotDueSource[];
  readonly accounts: readonly PlannedAccount[];
  /** Accounts run side by side, so the slowest one's seconds count. */
  readonly totals: { readonly requests: Estimate; readonly seconds: Estimate };
  /** What starts this very sync, for a shell. */
  readonly command: string;
}

/**
 * `--dry-run`: plans from the file, applies nothing and asks no platform, save for the schemas with `--live`, which
 * are read outside of any transaction.
 */
export async function planSync(
  context: CommandContext,
  session: Session,
  file: CatalogFile | null,
  request: NamedRequest,
): Promise<ExitCode> {
  const { io, output } = context;
  const { config, platforms } = session;
  const now = new Date(io.now());
  const asApplied = <T>(work: (db: Queryable) => Promise<T>) => applied(session, file, work);
  const schemas = request.live
    ? await readLive(
        context,
        session,
        request,
        await asApplied((db) => readKnown(db, request, { now, platforms })),
      )
    : new Map<number, LiveSchema>();
  const plan = await asApplied((db) =>
    readPlan(db, request, { now, platforms, env: config.env, schemas, program: output.program }),
  );
  if (output.json) {
    const { target, filters, ...rest } = plan;
    const live = request.live === true;
    output.document({ dry_run: true, live, target, filters, options: request.options, ...rest });
  } else {
    showPlan(context, plan);
    if (file === null && plan.sources.length === 0 && (await isEmpty(session.db, now))) {
      output.note(`no sources yet; next: ${output.program} init`);
    }
  }
  return EXIT.ok;
}

const isEmpty = async (db: Queryable, now: Date): Promise<boolean> =>
  (await findSources(db, { kind: 'all' }, {}, now)).length === 0;

/** Runs `work` as if the file were applied; a file that is applied already takes no lock and no write. */
async function applied<T>(
  { db }: Session,
  file: CatalogFile | null,
  work: (db: Queryable) => Promise<T>,
): Promise<T> {
  if (file === null || !(await catalogChanged(db, file))) return work(db);
  return withCatalogApplied(db, file, work);
}

interface Known {
  readonly target: Target;
  readonly filters: Filters;
  readonly found: readonly SourceRow[];
  readonly sources: readonly { readonly row: SourceRow; readonly facts: PlanFacts }[];
}

async function readKnown(
  db: Queryable,
  request: NamedRequest,
  { now, platforms }: { readonly now: Date; readonly platforms: Platforms },
): Promise<Known> {
  const { target, filters } = await resolveTargetAndFilters(
    { db, platforms },
    request.target,
    request.filters,
  );
  const rows = await findSources(db, target, filters, now);
  const facts = await readPlanFacts(
    db,
    rows.map(({ id }) => id),
  );
  const sources = rows.flatMap((row) => {
    const known = facts.get(row.id);
    return known === undefined ? [] : [{ row, facts: known }];
  });
  return { target, filters, found: rows, sources };
}

/** Says what reading the schemas costs, then reads them. */
async function readLive(
  { output }: CommandContext,
  session: Session,
  { options }: NamedRequest,
  { sources }: Known,
): Promise<ReadonlyMap<number, LiveSchema>> {
  const byAccount = groupBy(sources, ({ facts }) => facts.account);
  const costs = [...byAccount].map(
    ([name, of]) => `${formatAmount(of.length, 'request')} of ${name}`,
  );
  if (costs.length > 0) output.note(`reading the schemas: ${costs.join(', ')}`);
  const { db, config, installation } = session;
  const reading = {
    db,
    env: config.env,
    salt: installation.salt,
    platforms: session.platforms,
    options,
  };
  return readSchemas(
    reading,
    sources.map(({ facts }) => facts),
  );
}

/** The plan, by a number of statements that does not grow with the sources. */
export async function readPlan(
  db: Queryable,
  request: NamedRequest,
  from: {
    readonly now: Date;
    readonly env: Environment;
    readonly platforms: Platforms;
    readonly schemas: ReadonlyMap<number, LiveSchema>;
    readonly program: string;
  },
): Promise<SyncPlan> {
  const { target, filters, found, sources } = await readKnown(db, request, from);
  const { platforms } = from;
  const [tables, blocked, monthly] = await readTogether(db, [
    () =>
      readStandingTables(
        db,
        sources.map(({ facts }) => facts),
      ),
    () => readBlocked(db),
    () => readMonthlyRequests(db),
  ]);
  const parts = sources.map(({ row, facts }) => ({
    facts,
    source: planSource({
      facts,
      tables,
      enabled: row.enabled,
      platform: platforms.get(row.platform),
      options: request.options,
      live: from.schemas.get(row.id),
    }),
  }));
  const accounts = planAccounts(parts, {
    platforms,
    env: from.env,
    rate: request.options.rate_limit,
    blocked,
    monthly,
  });
  const not_due =
    filters.only_due === true
      ? { not_due: await findNotDue(db, target, filters, { found, now: from.now }) }
      : {};
  return {
    target: targetName(target),
    filters,
    ...not_due,
    sources: parts.map(({ source }) => source),
    accounts,
    totals: {
      requests: sum(accounts.map(({ requests }) => requests)),
      seconds: longest(accounts.map(({ seconds }) => seconds)),
    },
    command: syncCommandLine(from.program, request.target, request.filters, request.options),
  };
}
