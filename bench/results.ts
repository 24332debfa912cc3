import type { CompetitorName } from './competitors/competitor.ts';

/** CPU seconds by process while something ran; null where the system does not tell. */
export interface CpuSeconds {
  readonly simulator: number | null;
  readonly worker: number | null;
  readonly postgres: number | null;
  readonly temporal: number | null;
  /** The command itself and what it started. */
  readonly command: number | null;
}

export interface MeasuredRun {
  readonly competitor: CompetitorName;
  readonly seconds: number;
  readonly rows: number;
  readonly requests: number;
  readonly cpu: CpuSeconds;
}

/** CPU seconds of everything but the simulator; null where the system does not tell. */
export function cpuOf({ cpu }: MeasuredRun): number | null {
  const { command, worker, postgres, temporal } = cpu;
  if (command === null || worker === null || postgres === null || temporal === null) return null;
  return command + worker + postgres + temporal;
}

/** One number, and what it should be. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target: Target | null;
}

export interface Target {
  readonly least?: number;
  readonly most?: number;
}

export interface WorkloadResult {
  readonly workload: string;
  readonly title: string;
  readonly runs: readonly MeasuredRun[];
  readonly figures: readonly Figure[];
  /** What a reader has to know to read them. */
  readonly notes: readonly string[];
}

export function figure(name: string, value: number, unit: string, target?: Target): Figure {
  return { name, value, unit, target: target ?? null };
}

export const isMet = ({ value, target }: Figure): boolean =>
  target === null || (value >= (target.least ?? -Infinity) && value <= (target.most ?? Infinity));
