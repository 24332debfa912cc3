import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoggedRequest } from '../src/sim/request-log.ts';
import { NO_LIMITS, type SimulatorOptions } from '../src/sim/simulator.ts';
import type { BenchWorld } from './worlds.ts';

const ENTRY = fileURLToPath(new URL('./simulator-process.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../test/support/typescript.js', import.meta.url));

/** The simulated platforms as the bench asks and changes them. */
export interface BenchSimulator {
  readonly url: string;
  readonly pid: number;
  /** What was asked since the last `forget`, in the order of arrival. */
  requests(): Promise<readonly LoggedRequest[]>;
  forget(): Promise<void>;
  ids(source: string): Promise<readonly string[]>;
  edit(operation: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Moves the platforms' clock forward. */
  advanceClock(ms: number): Promise<void>;
  /** From now on it answers as fast as it can, whoever asks. */
  liftLimits(): Promise<void>;
  close(): Promise<void>;
}

export type Limits = Pick<SimulatorOptions, 'notion' | 'airtable'>;

/** Starts one that serves the world; without `limits` it answers as fast as it can. */
export async function startBenchSimulator(
  world: BenchWorld,
  limits: Limits = NO_LIMITS,
): Promise<BenchSimulator> {
  const child = fork(ENTRY, {
    execArgv: ['--import', LOADER],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const options: SimulatorOptions = { world: world.spec, ...limits };
  child.send(options);
  const said = await Promise.race([once(child, 'message'), ended.then(() => null)]);
  if (said === null) throw new Error('the simulator did not start');
  const { url } = said[0] as { readonly url: string };
  const ask = async (method: string, operation: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${url}/_sim/${operation}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`the simulator refuses ${operation}: ${await answer.text()}`);
    return answer.json();
  };
  return {
    url,
    pid: child.pid as number,
    requests: async () =>
      ((await ask('GET', 'log')) as { readonly requests: readonly LoggedRequest[] }).requests,
    forget: async () => void (await ask('DELETE', 'log')),
    ids: async (source) =>
      (
        (await ask('GET', `truth?source=${encodeURIComponent(source)}&ids_only=true`)) as {
          readonly ids: readonly string[];
        }
      ).ids,
    edit: async (operation, args) =>
      ((await ask('POST', 'edit', { operation, ...args })) as { readonly result: unknown }).result,
    advanceClock: async (ms) => void (await ask('POST', 'clock', { advance_ms: ms })),
    liftLimits: async () => {
      const fast = { rateLimit: 0, latencyMs: 0 };
      await ask('POST', 'knobs', { notion: fast, airtable: { ...fast, tokenRateLimit: 0 } });
    },
    close: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
