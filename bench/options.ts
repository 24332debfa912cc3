import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Ids of workloads; empty: those that always run. */
  readonly only: readonly string[];
  readonly rounds: number;
  readonly quick: boolean;
}

/** Throws Error with a message for people when the arguments make no sense. */
export function parseOptions(args: readonly string[], workloads: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      quick: { type: 'boolean' },
    },
  });
  const only = values.only ?? [];
  const unknown = only.find((id) => !workloads.includes(id));
  if (unknown !== undefined) {
    throw new Error(`no workload ${unknown}; there are ${workloads.join(', ')}`);
  }
  const quick = values.quick ?? false;
  const rounds = Number(values.rounds ?? (quick ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number from 1');
  return { only, rounds, quick };
}
