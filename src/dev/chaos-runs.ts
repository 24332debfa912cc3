import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCli } from '../cli/main.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import type { ChaosStage } from './chaos-stage.ts';
import type { Chance } from './chance.ts';

/** What became of the commands that were given. */
export interface RunCounts {
  started: number;
  /** Commands that a kill kept from starting a run. */
  refused: number;
  paused: number;
  cancelled: number;
}

const TARGETS = [
  ['sync-all'],
  ['sync-all'],
  ['sync-full'],
  ['sync-notion'],
  ['sync-airtable', '--no-incremental'],
  ['sync-all', '--batch-size', '500'],
  ['sync-all', '--no-streaming'],
] as const;

const WISHES = ['cancel', 'pause', 'let be', 'let be'] as const;
const PAUSE_MS = 1_500;
const LOOK_MS = 200;
/** A run that was hit takes time-outs of 10 to 30 s; the next one starts meanwhile and meets it at work. */
const PATIENCE_MS = 8_000;

export interface Answer {
  readonly exitCode: ExitCode;
  readonly document: unknown;
}

/** Gives one command with `--json` and reads its document. */
export async function give(stage: ChaosStage, argv: readonly string[]): Promise<Answer> {
  let written = '';
  const silent = { isTTY: false, columns: 80, rows: 24 };
  const exitCode = await runCli([...argv, '--json'], {
    ...stage.io,
    stdout: { ...silent, write: (text) => void (written += text) },
    stderr: { ...silent, write: () => {} },
    now: Date.now,
    random: () => randomBytes(2).toString('hex'),
    // Ctrl-C is about the whole round, not about one of its commands.
    onInterrupt: () => () => {},
  });
  return { exitCode, document: written === '' ? null : JSON.parse(written) };
}

/** Somebody who syncs again and again, now and then two at once, and pauses or cancels what he started. */
export function createOperator(stage: ChaosStage, chance: Chance, counts: RunCounts) {
  const start = async (): Promise<string | null> => {
    const { exitCode, document } = await give(stage, [...chance.of(TARGETS), '--no-wait']);
    const isStarted = exitCode === EXIT.running;
    counts[isStarted ? 'started' : 'refused'] += 1;
    return isStarted ? (document as { readonly run_id: string }).run_id : null;
  };
  let wishes: readonly (typeof WISHES)[number][] = [];
  const steer = async (run: string): Promise<void> => {
    if (wishes.length === 0) wishes = chance.shuffled(WISHES);
    const [wish, ...rest] = wishes;
    wishes = rest;
    if (wish === 'cancel') {
      const { exitCode } = await give(stage, ['runs', 'cancel', run, '--yes']);
      if (exitCode === EXIT.ok) counts.cancelled += 1;
    } else if (wish === 'pause') {
      const { exitCode } = await give(stage, ['runs', 'pause', run]);
      if (exitCode !== EXIT.ok) return;
      counts.paused += 1;
      await sleep(PAUSE_MS);
      await give(stage, ['runs', 'resume', run]);
    }
  };
  return async (): Promise<void> => {
    const isPair = chance.below(4) === 0;
    const first = await start();
    const second = isPair ? await start() : null;
    if (first === null) return sleep(LOOK_MS);
    await sleep(chance.below(1_500));
    await steer(first);
    await ended(stage, [first, ...(second === null ? [] : [second])], PATIENCE_MS);
  };
}

/** Waits until the runs, or all runs, have ended; returns how many have not after `patienceMs`. */
export async function ended(
  stage: ChaosStage,
  runs: readonly string[] | 'all',
  patienceMs: number,
): Promise<number> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const left = await countLive(stage, runs).catch(() => null);
    if (left === 0) return 0;
    if (performance.now() > until) return left ?? 1;
    await sleep(LOOK_MS);
  }
}

async function countLive({ db }: ChaosStage, runs: readonly string[] | 'all'): Promise<number> {
  const { rows } = await db.query<{ live: number }>(
    `select count(*)::integer as live from appsync.run
      where finished_at is null and ($1::text[] is null or id = any ($1))`,
    [runs === 'all' ? null : runs],
  );
  return rows[0]?.live ?? 0;
}

/** Lets go on whatever a kill kept paused. */
export async function resumeAll(stage: ChaosStage): Promise<void> {
  const { rows } = await stage.db.query<{ id: string }>(
    'select id from appsync.run where finished_at is null',
  );
  for (const { id } of rows) await give(stage, ['runs', 'resume', id]);
}
