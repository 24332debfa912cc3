import { setMaxListeners } from 'node:events';
import type { TemporalConnection } from '../client.ts';
import type { SyncRunResult } from '../contract/workflows.ts';
import { AppsyncError, reasonOf, unreachableError } from '../errors.ts';
import type { Database } from '../store/database.ts';
import { readRunProgress, type RunProgress } from '../store/run-progress.ts';
import type { CommandContext } from './command.ts';
import { pause, waitAtMost } from './pause.ts';
import { liveDisplay, lineDisplay, type ProgressDisplay } from './progress/display.ts';
import { advance, startProgress, withTrouble, type ProgressState } from './progress/state.ts';

/** A run that can be followed, and what it is followed through. */
export interface FollowedRun {
  readonly runId: string;
  readonly workflowId: string;
  /** How many sources it has, when that is known. */
  readonly matched: number | null;
  readonly db: Database;
  readonly temporal: TemporalConnection;
  /** How its progress is read; by default as a sync's. */
  readonly look?: (db: Database, runId: string) => Promise<RunProgress>;
  /** The command that follows it; by default a sync's. */
  readonly watch?: string;
  /** Sees to it that somebody works on the run; throws when nobody does. */
  readonly keepUp: () => Promise<void>;
}

/** `detached`: the person left; the run goes on. */
export type Followed =
  { readonly kind: 'ended'; readonly result: SyncRunResult } | { readonly kind: 'detached' };

const LOOK_MS = 250;
const LAST_LOOK_MS = 2_000;
/** A worker that is gone for good is noticed within this. */
const KEEP_UP_MS = 5_000;
const CONTACT_LOST_MS = 5 * 60_000;
/** A call that holds this long is taken for a connection that works. */
const HOLDS_MS = 3_000;

/**
 * Shows a run's progress until it ends or the person presses Ctrl-C. Postgres and Temporal may go away
 * meanwhile, as the run itself survives that: only five minutes without Temporal are an error.
 */
export async function followRun(context: CommandContext, run: FollowedRun): Promise<Followed> {
  const { io } = context;
  const display = chooseDisplay(context);
  const stop = new AbortController();
  // Temporal's client lets each of its calls listen, one a minute or so, and takes none of them away.
  setMaxListeners(Infinity, stop.signal);
  let trouble: string | null = null;
  const ended = waitPatiently(context, run, stop.signal, (text) => (trouble = text));
  ended.catch(() => {}); // A run that fails after the person left is not our failure.
  let unsubscribe = () => {};
  const detached = new Promise<Followed>((resolve) => {
    let presses = 0;
    unsubscribe = io.onInterrupt(() => {
      presses += 1;
      if (presses > 1) io.exit(130);
      resolve({ kind: 'detached' });
    });
  });
  let idle: string | null = null;
  void keepUpRepeatedly(run, stop.signal, (text) => (idle = text));
  const looking =
    display === null
      ? Promise.resolve()
      : lookRepeatedly(context, run, display, stop.signal, () => trouble ?? idle);
  try {
    return await Promise.race([ended, detached]);
  } finally {
    stop.abort();
    await waitAtMost(looking, LAST_LOOK_MS);
    display?.close();
    unsubscribe();
  }
}

/** Null for `--json`: what nobody sees is not looked at. */
function chooseDisplay({ io, output }: CommandContext): ProgressDisplay | null {
  if (output.json) return null;
  const live = io.stderr.isTTY && io.env['TERM'] !== 'dumb';
  return live ? liveDisplay(io.stderr, output.notePaint) : lineDisplay(io.stderr);
}

/** Never throws: what keeps a worker away is told, and looked at again. */
async function keepUpRepeatedly(
  run: FollowedRun,
  stopped: AbortSignal,
  report: (trouble: string | null) => void,
): Promise<void> {
  for (;;) {
    await pause(KEEP_UP_MS, stopped);
    if (stopped.aborted) return;
    await run.keepUp().then(
      () => report(null),
      (error: unknown) => report(reasonOf(error)),
    );
  }
}

/** Looks at the run every quarter of a second, and once more when it has ended. */
async function lookRepeatedly(
  { io }: CommandContext,
  run: FollowedRun,
  display: ProgressDisplay,
  stopped: AbortSignal,
  trouble: () => string | null,
): Promise<void> {
  let state: ProgressState = startProgress(io.now(), run.matched);
  for (;;) {
    const last = stopped.aborted;
    try {
      const progress = await (run.look ?? readRunProgress)(run.db, run.runId);
      const text = trouble();
      state = advance(state, progress, io.now());
      if (text !== null) state = withTrouble(state, text);
    } catch (error) {
      state = withTrouble(state, `Postgres does not answer, trying again: ${reasonOf(error)}`);
    }
    display.show(state, io.now());
    if (last) return;
    await pause(LOOK_MS, stopped);
  }
}

/** The run's result, over any time without a connection that is shorter than five minutes. */
async function waitPatiently(
  { io }: CommandContext,
  run: FollowedRun,
  stopped: AbortSignal,
  report: (trouble: string | null) => void,
): Promise<Followed> {
  const { waitForRun } = await import('../client.ts');
  // The call must end before its connection is closed: it would be tried again on a closed one.
  const { client } = run.temporal;
  let failingSince: number | null = null;
  for (;;) {
    const began = io.now();
    const connected = setTimeout(() => report(null), HOLDS_MS);
    try {
      const result = await client.withAbortSignal(stopped, () =>
        waitForRun(run.temporal, run.workflowId),
      );
      return { kind: 'ended', result };
    } catch (error) {
      if (error instanceof AppsyncError || stopped.aborted) throw error;
      if (failingSince === null || io.now() - began > 5 * HOLDS_MS) failingSince = io.now();
      if (io.now() - failingSince > CONTACT_LOST_MS) {
        throw unreachableError(
          `Temporal does not answer any more; run ${run.runId} goes on when it does`,
          run.watch ?? `appsync runs watch ${run.runId}`,
          error,
        );
      }
      report(`Temporal does not answer, trying again: ${reasonOf(error)}`);
      await pause(1_000, stopped);
    } finally {
      clearTimeout(connected);
    }
  }
}
