import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { stackStatus } from '../stack/stack.ts';
import type { ChaosStage } from './chaos-stage.ts';
import type { Chance } from './chance.ts';

/** What is done to an installation at work. */
export const KILLS = [
  'worker killed',
  'Postgres killed',
  'Temporal killed',
  'all killed',
  'command killed',
] as const;
export const FAULTS = ['storm of faults', 'answer stalled', 'cursors expired'] as const;
export const BLOWS = [...KILLS, ...FAULTS] as const;
export type Blow = (typeof BLOWS)[number];

const STORM_MS = 6_000;
const STORM_RATE = 0.25;
const COMMAND_MS = { least: 300, more: 3_000 } as const;

/** Deals blows of these kinds in a random order, each kind once before any comes again. */
export function createBlows(stage: ChaosStage, chance: Chance, kinds: readonly Blow[]) {
  let deck: readonly Blow[] = [];
  /** Returns the blow that was dealt, or null when there was nobody to hit. */
  return async (): Promise<Blow | null> => {
    if (deck.length === 0) deck = chance.shuffled(kinds);
    const [blow, ...rest] = deck;
    if (blow === undefined || !(await deal(stage, chance, blow))) return null;
    deck = rest;
    return blow;
  };
}

async function deal(stage: ChaosStage, chance: Chance, blow: Blow): Promise<boolean> {
  const { control } = stage;
  switch (blow) {
    case 'storm of faults':
      await control.storm(STORM_RATE, 1 + chance.below(1_000));
      await sleep(STORM_MS);
      await control.clearFaults();
      return true;
    case 'answer stalled': {
      const platform = chance.of(['notion', 'airtable'] as const);
      const effect = chance.of([
        { kind: 'stall headers' },
        { kind: 'stall body', afterBytes: 200 },
      ] as const);
      await control.fault({ platform, effect });
      return true;
    }
    case 'cursors expired':
      await control.expireCursors();
      return true;
    case 'command killed':
      await killCommand(stage, chance);
      return true;
    default:
      return kill(stage, chance, blow);
  }
}

async function kill(stage: ChaosStage, chance: Chance, blow: Blow): Promise<boolean> {
  const { postgres, temporal, workers } = await stackStatus(stage.settings);
  const alive = [...workers.map(({ pid }) => pid), stage.secondWorker()].filter(
    (pid) => pid !== null,
  );
  const victims = {
    worker: alive.length === 0 ? [] : [chance.of(alive)],
    Postgres: postgres === null ? [] : [postgres.pid],
    Temporal: temporal === null ? [] : [temporal.pid],
    all: postgres === null || temporal === null ? [] : [...alive, postgres.pid, temporal.pid],
  };
  const [who] = blow.split(' ');
  const pids = victims[who as keyof typeof victims];
  for (const pid of pids) endAtOnce(pid);
  return pids.length > 0;
}

/** Somebody syncs and closes the terminal: before, while or after the run begins, which goes on by itself then. */
async function killCommand({ command, io }: ChaosStage, chance: Chance): Promise<void> {
  const child = spawn(process.execPath, [command, 'sync-all'], {
    cwd: io.cwd,
    env: io.env,
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await Promise.race([ended, sleep(COMMAND_MS.least + chance.below(COMMAND_MS.more))]);
  child.kill('SIGKILL');
  await ended;
}

/** It may have ended since it was looked for. */
function endAtOnce(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
