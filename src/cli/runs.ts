import type { RunSummary } from '../contract/summary.ts';
import type { Certificate } from '../contract/scan.ts';
import { EXIT, usageError, type ExitCode } from '../errors.ts';
import { readCertificates } from '../store/certificates.ts';
import { listRuns, readRunSummary, type RunRow } from '../store/runs.ts';
import { readSlowestBatches, type SlowBatch } from '../store/slowest-batches.ts';
import { printCertificates } from './certificate.ts';
import { loadConfig, type CommandContext } from './command.ts';
import { followToResult } from './run-result.ts';
import { webUiOf } from './run-start.ts';
import { withSession, type Session } from './session.ts';
import { printSlowestBatches } from './slowest-batches.ts';
import { printSummary, statusColour, summaryExitCode } from './sync-result.ts';
import type { Paint } from './output.ts';
import { findRun, whyLost } from './find-run.ts';
import { strandedNotes } from './stranded.ts';
import { lostError } from './run-control.ts';
import type { TableColumn } from './table.ts';
import { formatCount, formatDuration, formatRelative } from '../units.ts';

/** Throws a usage error unless it is a whole number from 1 on. */
export function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d{1,6}$/.test(text) && limit >= 1) return limit;
  throw usageError(`--limit "${text}" is not a whole number from 1 on`, 'appsync help runs list');
}

/** `appsync runs list` */
export async function showRuns(context: CommandContext, limit: number): Promise<ExitCode> {
  const { io, output } = context;
  const config = await loadConfig(context);
  return withSession(context, config, { worker: false }, async (session) => {
    const recorded = await listRuns(session.db, limit + 1);
    const listed = recorded.slice(0, limit);
    const runs = await Promise.all(listed.map((run) => judged(session, run, io.now())));
    if (output.json) output.document(runs);
    else if (runs.length > 0) output.table(runColumns(io.now(), output.paint), runs);
    if (runs.length === 0) output.note(`no runs yet: ${output.program} sync starts one`);
    if (recorded.length > limit) {
      const more = `${output.program} runs list --limit ${limit * 10}`;
      output.note(output.notePaint.dim(`older runs: ${more}`));
    }
    for (const { run_id, lost } of runs) {
      if (lost !== undefined) output.note(lostNote(run_id, lost, output.program));
    }
    if (runs.some(isAtWork)) {
      for (const note of await strandedNotes(session, io.now())) output.note(note);
    }
    return EXIT.ok;
  });
}

const isAtWork = ({ finished_at, lost }: JudgedRun) => finished_at === null && lost === undefined;

/** A run as it is, which for one whose workflow is gone is not what the table says. */
interface JudgedRun extends RunRow {
  /** What became of its workflow. */
  readonly lost?: string;
}

async function judged(session: Session, run: RunRow, now: number): Promise<JudgedRun> {
  const lost = await whyLost(session, run, now);
  return lost === null ? run : { ...run, status: 'lost', lost };
}

const lostNote = (runId: string, why: string, program: string) =>
  `run ${runId} cannot go on, its workflow is ${why}; end it with: ${program} runs cancel ${runId}`;

function runColumns(now: number, paint: Paint): readonly TableColumn<RunRow>[] {
  const milliseconds = ({ started_at, finished_at }: RunRow) =>
    (finished_at === null ? now : Date.parse(finished_at)) - Date.parse(started_at);
  return [
    { header: 'RUN', text: ({ run_id }) => run_id },
    { header: 'TARGET', text: ({ target }) => target, shrinks: true },
    {
      header: 'STATUS',
      text: ({ status, paused_since }) => (paused_since === null ? status : 'paused'),
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
    const details = {
      certificates: await readCertificates(session.db, run.run_id),
      slowest: await readSlowestBatches(session.db, run.run_id),
    };
    const exitCode = await printRun(context, session, run.run_id, () => EXIT.ok, details);
    const { output, io } = context;
    const lost = await whyLost(session, run, io.now());
    if (lost !== null) output.note(lostNote(run.run_id, lost, output.program));
    else if (run.paused_since !== null) output.note(pausedNote(run, output.program));
    if (lost === null && run.finished_at === null) {
      for (const note of await strandedNotes(session, io.now())) output.note(note);
    }
    return exitCode;
  });
}

const pausedNote = ({ run_id, paused_since }: RunRow, program: string) =>
  `paused since ${paused_since ?? ''}; go on with: ${program} runs resume ${run_id}`;

/** What `runs show` tells of a run beside its summary. */
interface RunDetails {
  readonly certificates: ReadonlyMap<string, Certificate>;
  readonly slowest: readonly SlowBatch[];
}

async function printRun(
  { io, output }: CommandContext,
  { db, config }: Session,
  runId: string,
  exitCode: (summary: RunSummary) => ExitCode,
  details: RunDetails | null = null,
): Promise<ExitCode> {
  const summary = await readRunSummary(db, runId);
  if (summary === null) throw usageError(`there is no run ${runId}`, 'appsync runs list');
  if (output.json && details !== null) {
    const sources = summary.sources.map((source) => ({
      ...source,
      certificate: details.certificates.get(source.alias) ?? null,
    }));
    output.document({ ...summary, sources, slowest_batches: details.slowest });
    return exitCode(summary);
  }
  const localDatabase = config.databaseUrl === undefined;
  printSummary(output, summary, { webUi: null, localDatabase }, io.stdout.isTTY);
  if (details !== null) {
    printCertificates(output, details.certificates, { runId, isTerminal: io.stdout.isTTY });
    printSlowestBatches(output, details.slowest, { isTTY: io.stdout.isTTY, now: io.now() });
  }
  return exitCode(summary);
}

/** `appsync runs watch [RUN]`: ends with the run's own exit code. */
export async function watchRun(context: CommandContext, id: string | undefined): Promise<ExitCode> {
  const config = await loadConfig(context);
  return withSession(context, config, { worker: true }, async (session) => {
    const run = await findRun(session, id);
    if (run.finished_at !== null) return printRun(context, session, run.run_id, summaryExitCode);
    const lost = await whyLost(session, run, context.io.now());
    if (lost !== null) throw lostError(run, lost);
    const webUi = webUiOf(session, await session.temporal(), run.workflow_id);
    const followed = { runId: run.run_id, workflowId: run.workflow_id, webUi };
    return followToResult(context, session, followed, null);
  });
}
