import type { RunSummary } from '../contract/summary.ts';
import type { Certificate } from '../contract/scan.ts';
import { EXIT, usageError, type ExitCode } from '../errors.ts';
import { readCertificates } from '../store/certificates.ts';
import { listRuns, readRunSummary, type RunRow } from '../store/runs.ts';
import { printCertificates } from './certificate.ts';
import { loadConfig, type CommandContext } from './command.ts';
import { followToResult } from './run-result.ts';
import { webUiOf } from './run-start.ts';
import { withSession, type Session } from './session.ts';
import { printSummary, statusColour, summaryExitCode } from './sync-result.ts';
import type { Paint } from './output.ts';
import { didYouMean } from './suggest.ts';
import type { TableColumn } from './table.ts';
import { formatCount, formatDuration, formatRelative } from './units.ts';

const LISTED = 20;
/** Far enough back to find a run by its id among them. */
const SEARCHED = 1_000;

/** `appsync runs list` */
export async function showRuns(context: CommandContext): Promise<ExitCode> {
  const { io, output } = context;
  const config = await loadConfig(context);
  return withSession(context, config, { worker: false }, async ({ db }) => {
    const runs = await listRuns(db, LISTED);
    if (output.json) output.document(runs);
    else if (runs.length > 0) output.table(runColumns(io.now(), output.paint), runs);
    if (runs.length === 0) output.note(`no runs yet: ${output.program} sync starts one`);
    return EXIT.ok;
  });
}

function runColumns(now: number, paint: Paint): readonly TableColumn<RunRow>[] {
  const milliseconds = ({ started_at, finished_at }: RunRow) =>
    (finished_at === null ? now : Date.parse(finished_at)) - Date.parse(started_at);
  return [
    { header: 'RUN', text: ({ run_id }) => run_id },
    { header: 'TARGET', text: ({ target }) => target, shrinks: true },
    {
      header: 'STATUS',
      text: ({ status }) => status,
      paint: (cell, { status }) => statusColour(status, paint)(cell),
    },
    {
      header: 'READ',
      align: 'right',
      text: ({ metrics }) => formatCount(metrics.read),
      data: ({ metrics }) => metrics.read,
    },
    {
      header: 'TIME',
      align: 'right',
      text: (run) => formatDuration(milliseconds(run)),
      data: milliseconds,
    },
    {
      header: 'STARTED',
      text: ({ started_at }) => formatRelative(started_at, now),
      data: ({ started_at }) => started_at,
    },
  ];
}

/** `appsync runs show [RUN]` */
export async function showRun(context: CommandContext, id: string | undefined): Promise<ExitCode> {
  const config = await loadConfig(context);
  return withSession(context, config, { worker: false }, async (session) => {
    const run = await findRun(session, id);
    const certificates = await readCertificates(session.db, run.run_id);
    return printRun(context, session, run.run_id, () => EXIT.ok, certificates);
  });
}

async function printRun(
  { io, output }: CommandContext,
  { db, config }: Session,
  runId: string,
  exitCode: (summary: RunSummary) => ExitCode,
  certificates: ReadonlyMap<string, Certificate> | null = null,
): Promise<ExitCode> {
  const summary = await readRunSummary(db, runId);
  if (summary === null) throw usageError(`there is no run ${runId}`, 'appsync runs list');
  if (output.json && certificates !== null) {
    const sources = summary.sources.map((source) => ({
      ...source,
      certificate: certificates.get(source.alias) ?? null,
    }));
    output.document({ ...summary, sources });
    return exitCode(summary);
  }
  const localDatabase = config.databaseUrl === undefined;
  printSummary(output, summary, { webUi: null, localDatabase }, io.stdout.isTTY);
  if (certificates !== null) printCertificates(output, certificates, io.stdout.isTTY);
  return exitCode(summary);
}

/** `appsync runs watch [RUN]`: ends with the run's own exit code. */
export async function watchRun(context: CommandContext, id: string | undefined): Promise<ExitCode> {
  const config = await loadConfig(context);
  return withSession(context, config, { worker: true }, async (session) => {
    const run = await findRun(session, id);
    if (run.finished_at !== null) return printRun(context, session, run.run_id, summaryExitCode);
    const webUi = webUiOf(session, await session.temporal(), run.workflow_id);
    const followed = { runId: run.run_id, workflowId: run.workflow_id, webUi };
    return followToResult(context, session, followed, null);
  });
}

/** The run of that id, or the latest. Throws a usage error when there is none. */
async function findRun({ db }: Session, id: string | undefined): Promise<RunRow> {
  const runs = await listRuns(db, id === undefined ? 1 : SEARCHED);
  const run = id === undefined ? runs[0] : runs.find(({ run_id }) => run_id === id);
  if (run !== undefined) return run;
  if (id === undefined) throw usageError('there is no run yet', 'appsync runs list');
  const known = runs.map(({ run_id }) => run_id);
  throw usageError(`there is no run ${id}`, didYouMean(id, known) ?? 'appsync runs list');
}
