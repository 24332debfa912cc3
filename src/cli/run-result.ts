import type { RunSummary } from '../contract/summary.ts';
import type { SyncRunResult } from '../contract/workflows.ts';
import { AppsyncError, EXIT, type ExitCode } from '../errors.ts';
import { readRunSummary } from '../store/runs.ts';
import type { CommandContext } from './command.ts';
import { followRun } from './follow.ts';
import { pause } from './pause.ts';
import type { LaunchedRun } from './run-start.ts';
import type { Session } from './session.ts';
import { printSummary, summaryExitCode } from './sync-result.ts';

const READ_ATTEMPTS = 30;

/** Follows a run to its end and prints its result, or says how to follow it when the person leaves. */
export async function followToResult(
  context: CommandContext,
  session: Session,
  run: LaunchedRun,
  matched: number | null,
): Promise<ExitCode> {
  const { io, output } = context;
  const followed = await follow(context, session, run, matched);
  if (followed.kind === 'detached') return tellDetached(context, run);
  const summary = await readSummary(session, run.runId, followed.result);
  const localDatabase = session.config.databaseUrl === undefined;
  const links = { webUi: run.webUi, localDatabase };
  printSummary(output, summary, links, io.stdout.isTTY, followed.result?.error ?? null);
  output.note(`details  ${output.program} runs show ${run.runId}`);
  return summaryExitCode(summary);
}

/** Follows a run to its end, for commands that go on with it; `detached` when the person leaves before. */
export async function endOfRun(
  context: CommandContext,
  session: Session,
  run: LaunchedRun,
  matched: number,
): Promise<RunSummary | 'detached'> {
  const followed = await follow(context, session, run, matched);
  if (followed.kind === 'ended') return readSummary(session, run.runId, followed.result);
  tellDetached(context, run);
  return 'detached';
}

function tellDetached({ output }: CommandContext, run: LaunchedRun): ExitCode {
  if (output.json) output.document(startedDocument(run));
  output.note(`detached; run ${run.runId} goes on: ${output.program} runs watch ${run.runId}`);
  return EXIT.interrupted;
}

type Ending =
  { readonly kind: 'detached' } | { readonly kind: 'ended'; readonly result: SyncRunResult | null };

/** A cancelled workflow ends without a result, but has recorded how it ended. */
async function follow(
  context: CommandContext,
  session: Session,
  run: LaunchedRun,
  matched: number | null,
): Promise<Ending> {
  const temporal = await session.temporal();
  const { db } = session;
  try {
    return await followRun(context, { ...run, matched, db, temporal, keepUp: session.keepUp });
  } catch (error) {
    const ended = error instanceof AppsyncError && error.type === 'RunFailed';
    const summary = ended ? await readRunSummary(db, run.runId) : null;
    if (summary?.status !== 'cancelled') throw error;
    return { kind: 'ended', result: null };
  }
}

/** The run's summary; Postgres may be on its way back up. */
async function readSummary(
  { db }: Session,
  runId: string,
  result: SyncRunResult | null,
): Promise<RunSummary> {
  for (let attempt = 1; ; attempt++) {
    try {
      const summary = await readRunSummary(db, runId);
      if (summary !== null) return { ...summary, status: result?.status ?? summary.status };
      throw new AppsyncError(EXIT.failed, `run ${runId} ended, but Postgres has no record of it`, {
        hint: 'appsync runs list',
      });
    } catch (error) {
      if (error instanceof AppsyncError || attempt === READ_ATTEMPTS) throw error;
      await pause(1_000);
    }
  }
}

/** `--no-wait`: the run's id and how to follow it. */
export function printStarted({ output }: CommandContext, run: LaunchedRun): ExitCode {
  if (output.json) output.document(startedDocument(run));
  else output.print(run.runId);
  output.note(`started; follow it with: ${output.program} runs watch ${run.runId}`);
  return EXIT.running;
}

const startedDocument = (run: LaunchedRun) => ({
  run_id: run.runId,
  workflow_id: run.workflowId,
  ui_url: run.webUi,
  status: 'running',
});
