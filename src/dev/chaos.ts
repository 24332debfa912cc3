import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandContext } from '../cli/command.ts';
import { EXIT, reasonOf, type ExitCode } from '../errors.ts';
import { createBlows, FAULTS, KILLS, type Blow } from './chaos-blows.ts';
import { createEditors } from './chaos-edits.ts';
import { reportChaos } from './chaos-report.ts';
import { createOperator, ended, give, resumeAll, type RunCounts } from './chaos-runs.ts';
import { setChaosStage, type ChaosStage } from './chaos-stage.ts';
import {
  checkRequests,
  checkTables,
  judge,
  readWaited,
  type Checked,
  type RequestsMade,
} from './chaos-verdict.ts';
import { createChance } from './chance.ts';

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly records: number;
}

/** What a round of chaos was, and what it left. */
export interface ChaosResult {
  readonly seed: number;
  readonly minutes: number;
  readonly blows: Readonly<Partial<Record<Blow, number>>>;
  /** Requests that an injected fault hit. */
  readonly faults: number;
  readonly edits: number;
  readonly runs: RunCounts;
  /** Time that sources waited for their account's budget, all together. */
  readonly waited_ms: number;
  readonly checked: Checked;
  readonly requests: RequestsMade;
  /** What must not be; empty: everything was survived. */
  readonly violations: readonly string[];
}

const EDIT_PAUSE_MS = 250;
/** What was killed needs seconds to come back: blow upon blow there would be nothing at work to hit. */
const KILL_PAUSE_MS = { least: 3_000, more: 4_000 } as const;
const FAULT_PAUSE_MS = { least: 1_000, more: 2_000 } as const;
/** Everything that was interrupted ends by itself within a few time-outs. */
const CALM_MS = 180_000;

/**
 * A round of chaos: an installation of its own is worked with, hit and let be; then one full sync must make
 * every table the same as its platform. Prints what was survived; exit 1 when something was not.
 */
export async function runChaos(context: CommandContext, options: ChaosOptions): Promise<ExitCode> {
  const interrupted = new AbortController();
  const unsubscribe = context.io.onInterrupt(() => interrupted.abort());
  try {
    const stage = await setChaosStage(context, options);
    try {
      const result = await playRound(context, stage, options, interrupted.signal);
      if (result === null) return EXIT.interrupted;
      reportChaos(context, result);
      return result.violations.length === 0 ? EXIT.ok : EXIT.failed;
    } finally {
      await stage.close();
    }
  } finally {
    unsubscribe();
  }
}

async function playRound(
  context: CommandContext,
  stage: ChaosStage,
  { minutes, seed }: ChaosOptions,
  interrupted: AbortSignal,
): Promise<ChaosResult | null> {
  const note = (line: string) => context.output.note(line);
  const blows: Partial<Record<Blow, number>> = {};
  const runs: RunCounts = { started: 0, refused: 0, paused: 0, cancelled: 0 };
  let edits = 0;
  const until = performance.now() + minutes * 60_000;
  const isOver = () => interrupted.aborted || performance.now() >= until;
  const edit = createEditors(stage.control, createChance(seed));
  const operate = createOperator(stage, createChance(seed + 1), runs);
  const strike = (kinds: readonly Blow[], pause: typeof KILL_PAUSE_MS | typeof FAULT_PAUSE_MS) => {
    const chance = createChance(seed + kinds.length);
    const deal = createBlows(stage, chance, kinds);
    return async () => {
      await sleep(pause.least + chance.below(pause.more));
      const blow = await deal();
      if (blow === null) return;
      blows[blow] = (blows[blow] ?? 0) + 1;
      note(blow);
    };
  };
  await Promise.all([
    repeat(isOver, async () => {
      edits += await edit();
      await sleep(EDIT_PAUSE_MS);
    }),
    repeat(isOver, operate),
    repeat(isOver, strike(KILLS, KILL_PAUSE_MS)),
    repeat(isOver, strike(FAULTS, FAULT_PAUSE_MS)),
  ]);
  if (interrupted.aborted) return null;
  note('letting it be: what was begun ends, then everything is read once more');
  await stage.control.clearFaults();
  await resumeAll(stage).catch((error: unknown) => note(`resuming: ${reasonOf(error)}`));
  const unended = await ended(stage, 'all', CALM_MS);
  // Scans that kills left halfway are gone on with first: what they had read may have changed since.
  await give(stage, ['sync-all']);
  const last = await give(stage, ['sync-full']);
  const checked = await checkTables(stage);
  const waited_ms = await readWaited(stage);
  const log = await stage.control.log();
  const requests = checkRequests(log);
  return {
    seed,
    minutes,
    blows,
    faults: log.requests().filter(({ fault }) => fault !== null).length,
    edits,
    runs,
    waited_ms,
    checked,
    requests,
    violations: judge(last, checked, requests, unended),
  };
}

async function repeat(isOver: () => boolean, act: () => Promise<void>): Promise<void> {
  while (!isOver()) await act();
}
