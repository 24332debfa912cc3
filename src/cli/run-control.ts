import type { RunControl, ControlRequest, RunSettings } from '../contract/control.ts';
import { AppsyncError, EXIT, usageError, type ExitCode } from '../errors.ts';
import { inTransaction } from '../store/database.ts';
import { endLostRun } from '../store/run-control.ts';
import { readRunProgress } from '../store/run-progress.ts';
import { readRunSummary, type RunRow } from '../store/runs.ts';
import { loadConfig, type CommandContext } from './command.ts';
import { confirm } from './confirm.ts';
import { findUnfinishedRun, whyLost } from './find-run.ts';
import { pause } from './pause.ts';
import { withSession, type Session } from './session.ts';
import { totalsSentence } from './sync-result.ts';
import { formatClock } from '../units.ts';

/** Which run, by its id; without it: the latest that has not ended. */
type RunId = string | undefined;

export interface CancelOptions {
  readonly sources: readonly string[];
  readonly yes: boolean;
}

/** `appsync runs pause|resume [RUN] [--source ALIAS]…` */
export function pauseOrResume(
  context: CommandContext,
  action: 'pause' | 'resume',
  id: RunId,
  sources: readonly string[],
): Promise<ExitCode> {
  return withRun(context, id, async (session, run) => {
    await refuseEnded(session, run, sources);
    return steer(context, session, run, { action, sources });
  });
}

/** `appsync runs set [RUN] --max-concurrent N --batch-size N --rate-limit R` */
export function changeSettings(
  context: CommandContext,
  id: RunId,
  settings: RunSettings,
): Promise<ExitCode> {
  if (Object.keys(settings).length === 0) {
    throw usageError('nothing to set is named', 'appsync help runs set');
  }
  return withRun(context, id, (session, run) =>
    steer(context, session, run, { action: 'set', settings }),
  );
}

/** `appsync runs cancel [RUN] [--source ALIAS]… [--yes]`: asks on a terminal; elsewhere the command is the consent. */
export function cancel(
  context: CommandContext,
  id: RunId,
  { sources, yes }: CancelOptions,
): Promise<ExitCode> {
  return withRun(context, id, async (session, run) => {
    await refuseEnded(session, run, sources);
    const what = sources.length === 0 ? `run ${run.run_id}` : sources.join(', ');
    const asks = context.io.stdin.isTTY === true && !yes;
    if (asks && !(await confirm(context, `cancel ${what}? What is merged stays.`, 'no'))) {
      context.output.note('nothing was changed');
      return EXIT.interrupted;
    }
    if (sources.length > 0) {
      return steer(context, session, run, { action: 'cancel', sources });
    }
    const why = await whyLost(session, run, context.io.now());
    return why === null ? cancelWhole(context, session, run) : endLost(context, session, run, why);
  });
}

async function withRun(
  context: CommandContext,
  id: RunId,
  work: (session: Session, run: RunRow) => Promise<ExitCode>,
): Promise<ExitCode> {
  const config = await loadConfig(context);
  return withSession(context, config, { worker: true }, async (session) =>
    work(session, await findUnfinishedRun(session, id)),
  );
}

/** The run itself knows which sources it has, but not which of them have ended. */
async function refuseEnded(
  { db }: Session,
  run: RunRow,
  sources: readonly string[],
): Promise<void> {
  if (sources.length === 0) return;
  const progress = await readRunProgress(db, run.run_id);
  const ended = progress.sources.find(
    ({ alias, status }) => sources.includes(alias) && status !== 'running',
  );
  if (ended === undefined) return;
  throw usageError(
    `${ended.alias} has ended in this run: ${ended.status}`,
    `appsync runs show ${run.run_id}`,
  );
}

async function steer(
  context: CommandContext,
  session: Session,
  run: RunRow,
  request: ControlRequest,
): Promise<ExitCode> {
  const { output } = context;
  const why = await whyLost(session, run, context.io.now());
  if (why !== null) throw lostError(run, why);
  const { controlRun } = await import('../client/run-control.ts');
  const control = await controlRun(await session.temporal(), run.workflow_id, request);
  if (output.json) output.document(controlDocument(run, control));
  output.note(describeRequest(run, request, control));
  if (request.action === 'pause') {
    const names = request.sources.map((alias) => ` --source ${alias}`).join('');
    output.note(`go on with: ${output.program} runs resume ${run.run_id}${names}`);
  }
  return EXIT.ok;
}

const controlDocument = (run: RunRow, control: RunControl) => ({
  run_id: run.run_id,
  workflow_id: run.workflow_id,
  status: 'running',
  paused_since: control.paused_since,
  paused_sources: control.paused_sources,
  cancelled_sources: control.cancelled_sources,
  settings: control.settings,
});

function describeRequest(run: RunRow, request: ControlRequest, control: RunControl): string {
  const name = `run ${run.run_id}`;
  if (request.action === 'set') {
    const settings = Object.entries(control.settings).map(([key, value]) => `${key} ${value}`);
    return `${name}: ${settings.join(', ')}, from the next batch or source on`;
  }
  const what = request.sources.length === 0 ? name : `${request.sources.join(', ')} of ${name}`;
  if (request.action === 'cancel') return `${what}: cancelled; what is merged stays`;
  if (request.action === 'resume') return `${what}: goes on`;
  const since = control.paused_since ?? control.paused_sources[request.sources[0] ?? ''];
  const clock = since === undefined ? '' : ` since ${formatClock(since)}`;
  return `${what}: paused${clock}; batches that were begun are finished`;
}

export const lostError = (run: RunRow, why: string) =>
  new AppsyncError(EXIT.failed, `run ${run.run_id} cannot go on: its workflow is ${why}`, {
    type: 'RunLost',
    hint: `appsync runs cancel ${run.run_id}`,
  });

const END_PATIENCE_MS = 60_000;
const END_LOOK_MS = 200;

/** Asks the run to end and waits until it has, which takes seconds. */
async function cancelWhole(
  { output }: CommandContext,
  session: Session,
  run: RunRow,
): Promise<ExitCode> {
  const { cancelRun } = await import('../client/run-control.ts');
  await cancelRun(await session.temporal(), run.workflow_id);
  for (let waited = 0; waited < END_PATIENCE_MS; waited += END_LOOK_MS) {
    const summary = await readRunSummary(session.db, run.run_id);
    // `running` is what the table says of a run that has not ended.
    if (summary !== null && String(summary.status) !== 'running') {
      if (output.json) output.document(summary);
      output.note(`run ${run.run_id} is ${totalsSentence(summary)}`);
      return EXIT.ok;
    }
    await pause(END_LOOK_MS);
  }
  const { run_id, workflow_id } = run;
  if (output.json) output.document({ run_id, workflow_id, status: 'running' });
  output.note(`run ${run_id} was asked to end: ${output.program} runs watch ${run_id}`);
  return EXIT.running;
}

/** Its workflow cannot record the end of this run any more, so it is recorded here. */
async function endLost(
  { output }: CommandContext,
  { db }: Session,
  run: RunRow,
  why: string,
): Promise<ExitCode> {
  const message = `its workflow is ${why}; marked as cancelled by appsync runs cancel`;
  await inTransaction(db, (tx) => endLostRun(tx, run.run_id, { type: 'RunLost', message }));
  const summary = await readRunSummary(db, run.run_id);
  if (output.json) output.document(summary);
  output.note(`run ${run.run_id}: ${message}; its sources are free, what is merged stays`);
  return EXIT.ok;
}
