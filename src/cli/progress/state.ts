import type { RunProgress, SourceProgressRow } from '../../store/run-progress.ts';

/** Rates are measured over the last ten seconds: long enough to be calm, short enough to be true. */
const RATE_WINDOW_MS = 10_000;

interface Sample {
  readonly at: number;
  readonly read: number;
}

/** A source of the run with what it read lately. */
export interface TrackedSource extends SourceProgressRow {
  readonly samples: readonly Sample[];
  /** When its end was seen. */
  readonly endedAt: number | null;
}

/** What is known of a run that is being followed. */
export interface ProgressState {
  readonly startedAt: number;
  readonly sources: readonly TrackedSource[];
  /** How many sources the run has, when that is known. */
  readonly matched: number | null;
  readonly samples: readonly Sample[];
  /** Since when the whole run pauses; null: it does not. */
  readonly pausedSince: string | null;
  /** Something for the person to know while it lasts: the database does not answer. */
  readonly trouble: string | null;
}

export function startProgress(now: number, matched: number | null): ProgressState {
  return {
    startedAt: now,
    sources: [],
    matched,
    samples: [],
    pausedSince: null,
    trouble: null,
  };
}

/** The state after one look at the run. Pure: the same looks give the same states. */
export function advance(state: ProgressState, progress: RunProgress, now: number): ProgressState {
  const former = new Map(state.sources.map((source) => [source.alias, source]));
  const sources = progress.sources.map((row): TrackedSource => {
    const before = former.get(row.alias);
    const ended = isEnded(row) ? (before?.endedAt ?? now) : null;
    return { ...row, samples: sampled(before?.samples ?? [], row.read, now), endedAt: ended };
  });
  const read = sources.reduce((sum, source) => sum + source.read, 0);
  const samples = sampled(state.samples, read, now);
  return { ...state, sources, samples, pausedSince: progress.paused_since, trouble: null };
}

/** The state while the run cannot be looked at. */
export const withTrouble = (state: ProgressState, trouble: string): ProgressState => ({
  ...state,
  trouble,
});

export const isEnded = (source: Pick<SourceProgressRow, 'status'>): boolean =>
  source.status !== 'running';

function sampled(samples: readonly Sample[], read: number, now: number): readonly Sample[] {
  const recent = samples.filter(({ at }) => now - at <= RATE_WINDOW_MS);
  const base = recent.length > 0 ? recent : samples.slice(-1);
  return [...base, { at: now, read }];
}

/** Records per second lately; null when too little time has passed to tell. */
export function recentRate(samples: readonly Sample[]): number | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < 500) return null;
  return ((last.read - first.read) * 1_000) / (last.at - first.at);
}

export interface ProgressTotals {
  readonly read: number;
  readonly ended: number;
  readonly running: number;
  readonly rate: number | null;
}

export function progressTotals(state: ProgressState): ProgressTotals {
  const ended = state.sources.filter(isEnded).length;
  return {
    read: state.sources.reduce((sum, source) => sum + source.read, 0),
    ended,
    running: state.sources.length - ended,
    rate: recentRate(state.samples),
  };
}

/** Milliseconds until a source is read, when its size and its pace are known. */
export function remainingTime(source: TrackedSource): number | null {
  const rate = recentRate(source.samples);
  if (source.expected === null || rate === null || rate <= 0) return null;
  const missing = source.expected - source.read;
  return missing <= 0 ? null : (missing / rate) * 1_000;
}

/** Milliseconds that a source still waits for its account's rate budget; 0 when it does not. */
export function waitingTime(source: TrackedSource, now: number): number {
  if (isEnded(source) || source.waiting_until === null) return 0;
  return Math.max(0, Date.parse(source.waiting_until) - now);
}
