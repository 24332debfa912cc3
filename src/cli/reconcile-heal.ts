import { runWorkflowId } from '../contract/names.ts';
import {
  reconcileTotals,
  type ComparisonSummary,
  type ReconcileSummary,
} from '../contract/reconcile-summary.ts';
import { driftOf, type ComparisonChoice } from '../contract/reconciliation.ts';
import type { RunSummary } from '../contract/summary.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { findSources } from '../catalog/source-query.ts';
import { inTransaction } from '../store/database.ts';
import { requestHeal } from '../store/reconciliation/heal.ts';
import type { CommandContext } from './command.ts';
import { confirm } from './confirm.ts';
import type { ReconcileRequest } from './reconcile-command.ts';
import { printReconcile, reconcileExitCode } from './reconcile-result.ts';
import { newRunId } from '../contract/run-id.ts';
import { endOfRun } from './run-result.ts';
import { launchRun } from './run-start.ts';
import type { Session } from './session.ts';
import { formatAmount } from '../units.ts';

type Again = (
  choice: ComparisonChoice,
  aliases: readonly string[],
) => Promise<ReconcileSummary | 'detached'>;

/**
 * Notes which rows are to be written again, syncs exactly the sources concerned and compares once more what had
 * drifted. Whoever leaves in between loses nothing: the wish is in Postgres, and the next sync fulfils it.
 */
export async function healDrift(
  context: CommandContext,
  session: Session,
  before: ReconcileSummary,
  request: Pick<ReconcileRequest, 'options' | 'yes'>,
  again: Again,
): Promise<ExitCode> {
  const { io, output } = context;
  const drifted = before.sources.filter((source) => driftOf(source) > 0);
  const aliases = drifted.map(({ alias }) => alias);
  if (!request.yes) {
    printReconcile(output, { ...before, heal: null }, io.stdout.isTTY);
    if (!(await confirm(context, question(before, drifted), 'no'))) {
      output.note('nothing was changed');
      return reconcileExitCode(before);
    }
  }
  const found = await findSources(
    session.db,
    { kind: 'all' },
    { source: aliases },
    new Date(io.now()),
  );
  await inTransaction(session.db, (tx) =>
    requestHeal(
      tx,
      before.run_id,
      found.map(({ id }) => id),
    ),
  );
  const sync = await syncSources(context, session, request, aliases);
  if (sync === 'detached') return EXIT.interrupted;
  const after = await again({ kind: 'again', of: before.run_id }, aliases);
  if (after === 'detached') return EXIT.interrupted;
  const heal = { records: before.totals.drift, sync, before };
  printReconcile(output, { ...joined(before, after), heal }, io.stdout.isTTY);
  return reconcileExitCode(joined(before, after));
}

const question = ({ totals }: ReconcileSummary, drifted: readonly ComparisonSummary[]) =>
  `read ${formatAmount(drifted.length, 'source')} whole and write ${formatAmount(totals.drift, 'row')} again?`;

/** The second look, with the sources that were found to be well, or could not be compared, at the first. */
function joined(before: ReconcileSummary, after: ReconcileSummary): ReconcileSummary {
  const looked = new Set(after.sources.map(({ alias }) => alias));
  const others = before.sources.filter(({ alias }) => !looked.has(alias));
  const isWell = others.every(({ status }) => status === 'complete');
  const status = after.status === 'complete' && !isWell ? 'partial' : after.status;
  const sources = [...after.sources, ...others];
  return { ...after, target: before.target, status, sources, totals: reconcileTotals(sources) };
}

async function syncSources(
  context: CommandContext,
  session: Session,
  { options }: Pick<ReconcileRequest, 'options'>,
  aliases: readonly string[],
): Promise<RunSummary | 'detached'> {
  const { io, output } = context;
  const runId = newRunId(io.now(), io.random());
  const { id: installation } = session.installation;
  const filters = { source: aliases };
  const input = { run_id: runId, installation, target: { kind: 'all' }, filters, options } as const;
  const run = await launchRun(session, { input, workflowId: runWorkflowId(installation, runId) });
  output.note(`run ${runId}: heals ${formatAmount(aliases.length, 'source')}`);
  return endOfRun(context, session, run, aliases.length);
}
