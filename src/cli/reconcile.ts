import { findSources, type SourceRow } from '../catalog/source-query.ts';
import { reconcileWorkflowId } from '../contract/names.ts';
import {
  expectedRequests,
  type ComparisonChoice,
  type ReconcileRunInput,
} from '../contract/reconciliation.ts';
import type { ReconcileSummary } from '../contract/reconcile-summary.ts';
import { targetName } from '../contract/target.ts';
import { AppsyncError, EXIT, reasonOf, usageError, type ExitCode } from '../errors.ts';
import {
  readReconcileProgress,
  readReconcileSummary,
} from '../store/reconciliation/reconcile-results.ts';
import { finishReconcileRun, insertReconcileRun } from '../store/reconciliation/reconciliations.ts';
import { readSource } from '../store/sources.ts';
import { applyWhenChanged, readCatalog } from './catalog.ts';
import { loadConfig, type CommandContext } from './command.ts';
import { refuseUnanswerable } from './confirm.ts';
import { knownPlatforms } from './platforms.ts';
import { followRun } from './follow.ts';
import type { ReconcileRequest } from './reconcile-command.ts';
import { healDrift } from './reconcile-heal.ts';
import { printReconcile, reconcileExitCode } from './reconcile-result.ts';
import { newRunId } from '../contract/run-id.ts';
import { readyTemporal, webUiOf } from './run-start.ts';
import { withSession, type Session } from './session.ts';
import {
  refuseEmptyCatalog,
  refuseHopelessTarget,
  resolveTargetAndFilters,
} from './sync-target.ts';
import { formatAmount, formatCount } from '../units.ts';

/** `appsync reconcile [TARGET]` */
export async function runReconcile(
  context: CommandContext,
  request: ReconcileRequest,
): Promise<ExitCode> {
  const config = await loadConfig(context);
  const word = request.target ?? config.defaultTarget;
  if (request.heal && !request.yes) refuseUnanswerable(context, `reconcile ${word} --heal`);
  const file = await readCatalog(config);
  refuseHopelessTarget(word, file, config, await knownPlatforms(config));
  return withSession(context, config, { worker: true }, async (session) => {
    const { io, output } = context;
    const now = new Date(io.now());
    if (file === null) await refuseEmptyCatalog(session.db, config, now);
    else await applyWhenChanged(session.db, file, output);
    const { target, filters } = await resolveTargetAndFilters(session, word, request.filters);
    const sources = await findSources(session.db, target, filters, now);
    output.note(await planSentence(session, sources, request.choice));
    const { options, choice } = request;
    const summary = await compare(context, session, { target, filters, options, choice });
    if (summary === 'detached') return EXIT.interrupted;
    return healOrFinish(context, session, summary, request);
  });
}

async function healOrFinish(
  context: CommandContext,
  session: Session,
  summary: ReconcileSummary,
  { heal, yes, options }: Pick<ReconcileRequest, 'heal' | 'yes' | 'options'>,
): Promise<ExitCode> {
  if (!heal || summary.totals.drift === 0) return finish(context, summary);
  return healDrift(context, session, summary, { options, yes }, (choice, aliases) => {
    const filters = { source: aliases };
    return compare(context, session, { target: { kind: 'all' }, filters, options, choice });
  });
}

function finish({ output, io }: CommandContext, summary: ReconcileSummary): ExitCode {
  printReconcile(output, { ...summary, heal: null }, io.stdout.isTTY);
  return reconcileExitCode(summary);
}

/** `comparing 3 sources whole, about 120 requests` */
async function planSentence(
  { db, platforms }: Session,
  sources: readonly SourceRow[],
  choice: ReconcileRequest['choice'],
): Promise<string> {
  let requests = 0;
  let unknown = 0;
  for (const { id, platform } of sources) {
    const records = (await readSource(db, id)).full_scan_records;
    const lookups = platforms.get(platform)?.located_at_once ?? 0;
    const expected = expectedRequests(choice, { records, lookups });
    if (expected === null) unknown += 1;
    else requests += expected;
  }
  const what =
    choice.kind === 'full'
      ? 'whole'
      : `by a sample of ${formatCount(choice.size)} (--seed ${choice.seed})`;
  const unread = unknown === 0 ? '' : `, ${formatAmount(unknown, 'source')} of unknown size`;
  return `comparing ${formatAmount(sources.length, 'source')} ${what}, about ${formatAmount(requests, 'request')}${unread}`;
}

export type Comparison = Pick<ReconcileRunInput, 'target' | 'filters' | 'options'> & {
  readonly choice: ComparisonChoice;
};

/** Runs one reconciliation to its end; `detached` when the person leaves before. */
async function compare(
  context: CommandContext,
  session: Session,
  comparison: Comparison,
): Promise<ReconcileSummary | 'detached'> {
  const { io } = context;
  const { db, installation } = session;
  const runId = newRunId(io.now(), io.random());
  const workflowId = reconcileWorkflowId(installation.id, runId);
  const temporal = await readyTemporal(session);
  const target = targetName(comparison.target);
  await insertReconcileRun(db, { ...comparison, run_id: runId, workflow_id: workflowId, target });
  const input = { ...comparison, run_id: runId, installation: installation.id, carried: null };
  const { startReconcile } = await import('../client.ts');
  try {
    await startReconcile(temporal, input);
  } catch (error) {
    const failure = { type: 'Unreachable', message: `not started: ${reasonOf(error)}` };
    await finishReconcileRun(db, { run_id: runId, status: 'failed', error: failure });
    throw error;
  }
  const webUi = webUiOf(session, temporal, workflowId);
  if (webUi !== null) context.output.note(context.output.notePaint.dim(webUi));
  return follow(context, session, { runId, workflowId });
}

/** A cancelled workflow ends without a result, but has recorded how it ended. */
async function follow(
  context: CommandContext,
  session: Session,
  run: { readonly runId: string; readonly workflowId: string },
): Promise<ReconcileSummary | 'detached'> {
  const { output } = context;
  const { db, keepUp } = session;
  const watch = `appsync reconcile --run ${run.runId}`;
  const about = { matched: null, db, temporal: await session.temporal(), keepUp };
  try {
    const look = readReconcileProgress;
    const followed = await followRun(context, { ...run, ...about, look, watch });
    if (followed.kind === 'detached') {
      const { runId: run_id, workflowId: workflow_id } = run;
      if (output.json) output.document({ run_id, workflow_id, status: 'running' });
      output.note(`detached; it goes on: ${output.program} reconcile --run ${run.runId}`);
      return 'detached';
    }
  } catch (error) {
    const ended = error instanceof AppsyncError && error.type === 'RunFailed';
    const summary = ended ? await readReconcileSummary(db, run.runId) : null;
    if (summary?.status !== 'cancelled') throw error;
  }
  return requireSummary(session, run.runId);
}

async function requireSummary({ db }: Session, runId: string): Promise<ReconcileSummary> {
  const summary = await readReconcileSummary(db, runId);
  if (summary !== null) return summary;
  throw usageError(`there is no reconciliation ${runId}`, 'appsync help reconcile');
}

/** `appsync reconcile --run ID [--heal]`: what an earlier one found, or is about to find. */
export async function showReconcile(
  context: CommandContext,
  runId: string,
  request: ReconcileRequest,
): Promise<ExitCode> {
  if (request.heal && !request.yes) refuseUnanswerable(context, `reconcile --run ${runId} --heal`);
  const config = await loadConfig(context);
  return withSession(context, config, { worker: true }, async (session) => {
    const known = await requireSummary(session, runId);
    const run = { runId, workflowId: known.workflow_id };
    const summary = known.status === 'running' ? await follow(context, session, run) : known;
    if (summary === 'detached') return EXIT.interrupted;
    return healOrFinish(context, session, summary, request);
  });
}
