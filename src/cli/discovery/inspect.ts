import { existsSync } from 'node:fs';
import { nearest } from '../../catalog/did-you-mean.ts';
import { findFindings, type Finding } from '../../catalog/findings.ts';
import { readSecret, type Config } from '../../config.ts';
import { AppsyncError, EXIT, usageError, type ExitCode } from '../../errors.ts';
import type { Database } from '../../store/database.ts';
import {
  inspectTables,
  type InspectedSource,
  type OrphanTable,
} from '../../store/inspection/inspected-sources.ts';
import { loadConfig, type CommandContext } from '../command.ts';
import { withSession, type Session } from '../session.ts';
import { isFresh } from '../sync-target.ts';
import { inspectOne } from './inspect-one.ts';
import { printSummary, summaryDocument } from './inspect-summary.ts';

/** Every source and table, and what is wrong with them. */
export interface Inspection {
  readonly sources: readonly InspectedSource[];
  readonly orphans: readonly OrphanTable[];
  readonly findings: readonly Finding[];
}

/** `appsync sources inspect [SOURCE]` */
export async function inspectSources(
  context: CommandContext,
  name: string | undefined,
): Promise<ExitCode> {
  const config = await loadConfig(context);
  // An installation that was never started has nothing to look at, and is not started for that.
  if (isFresh(config)) return report(context, config, EMPTY, name, null);
  return withSession(context, config, { worker: false }, async (session) =>
    report(context, config, await inspect(session, context.io.now()), name, session.db),
  );
}

const EMPTY: Inspection = { sources: [], orphans: [], findings: [] };

async function inspect({ db, config, platforms }: Session, now: number): Promise<Inspection> {
  const { sources, orphans } = await inspectTables(db);
  const findings = findFindings(sources, orphans, {
    platforms,
    tokenProblem: (reference) => tokenProblem(reference, config),
    now: new Date(now),
  });
  return { sources, orphans, findings };
}

/** Workers read tokens from their own environment; what can be seen here is this one. */
function tokenProblem(reference: string, { env }: Config) {
  try {
    readSecret(reference, env);
    return null;
  } catch (error) {
    if (!(error instanceof AppsyncError)) throw error;
    return { message: `token: ${error.message}`, fix: error.hint ?? '' };
  }
}

async function report(
  context: CommandContext,
  config: Config,
  inspection: Inspection,
  name: string | undefined,
  db: Database | null,
): Promise<ExitCode> {
  const { output } = context;
  const { sources, orphans, findings } = inspection;
  if (name !== undefined) {
    const subject = findSubject(inspection, name);
    if (subject === undefined || db === null) throw unknownSubject(inspection, name);
    const own = findings.filter((finding) =>
      'alias' in subject ? finding.subject === subject.alias : finding.subject === subject.table,
    );
    await inspectOne(context, db, subject, own);
    return EXIT.ok;
  }
  if (output.json) output.document(summaryDocument(inspection));
  else printSummary(context, inspection);
  if (sources.length === 0 && orphans.length === 0) {
    const next = existsSync(config.catalogPath) ? 'sources apply' : 'init';
    output.note(`no sources yet; next: ${output.program} ${next}`);
  }
  return EXIT.ok;
}

/** By alias, else by table with or without its schema, where one has it; case makes no difference. */
function findSubject(
  { sources, orphans }: Inspection,
  name: string,
): InspectedSource | OrphanTable | undefined {
  const wanted = name.toLowerCase();
  const alias = sources.find((source) => source.alias === wanted);
  if (alias !== undefined) return alias;
  const tables = [...sources, ...orphans];
  const whole = tables.find(({ table }) => table.toLowerCase() === wanted);
  if (whole !== undefined) return whole;
  const [only, other] = tables.filter(({ table }) => table.toLowerCase().endsWith(`.${wanted}`));
  return other === undefined ? only : undefined;
}

function unknownSubject({ sources, orphans }: Inspection, name: string): AppsyncError {
  const known = [
    ...sources.map(({ alias }) => alias),
    ...[...sources, ...orphans].map(({ table }) => table),
  ];
  const near = nearest(name, known);
  const list = known.length > 0 ? 'appsync sync-inspect' : 'appsync init';
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : list;
  return usageError(`no source or table "${name}"`, hint);
}
