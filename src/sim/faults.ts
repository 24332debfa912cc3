import type { Platform, SimAnswer, SimRequest } from './exchange.ts';
import { FAULT_ANSWERS } from './fault-answers.ts';
import type { FaultAnswerName } from './fault-answers.ts';
import { matches } from './request-log.ts';
import type { RequestFilter } from './request-log.ts';
import { mix } from './seeded.ts';

/** What happens to one request instead of, or after, its real answer. */
export type FaultEffect =
  /** Another answer; the platform never sees the request. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** JSON, or text as it is. */
      readonly body?: unknown;
    }
  /** An error that the real platform is known to give, by name. */
  | { readonly kind: 'named'; readonly name: FaultAnswerName; readonly retryAfter?: number }
  /** No answer at all, until the simulator closes. */
  | { readonly kind: 'stall headers' }
  /** The real answer, which stops after so many bytes and keeps the connection open. */
  | { readonly kind: 'stall body'; readonly afterBytes: number }
  /** The real answer, which ends properly after so many bytes: 200 with broken JSON. */
  | { readonly kind: 'truncate'; readonly afterBytes: number }
  /** The connection is reset: at once, or after so many bytes of the real answer. */
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  /** The real answer, later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The real list, whose cursor is the one of the request (or of itself) again: an endless loop. */
  | { readonly kind: 'repeat cursor' }
  /** Something happens in the world before the request is answered (not over HTTP). */
  | { readonly kind: 'run'; readonly run: () => void };

export interface Fault extends RequestFilter {
  readonly effect: FaultEffect;
  /** The first request it applies to, counted among those that match; default 1. */
  readonly nth?: number;
  /** For how many matching requests it applies; default 1, 0: for ever. */
  readonly times?: number;
}

export interface Storm extends RequestFilter {
  /** Share of requests that are hit, 0 to 1. */
  readonly rate: number;
  readonly seed?: number;
  readonly effects?: readonly FaultEffect[];
}

/** What a storm throws when it is not told: everything that a retry cures. */
const STORM_EFFECTS: Readonly<Record<Platform, readonly FaultEffect[]>> = {
  notion: [
    { kind: 'named', name: 'notion rate limited', retryAfter: 1 },
    { kind: 'named', name: 'notion unavailable' },
    { kind: 'named', name: 'notion overloaded' },
    { kind: 'named', name: 'bad gateway' },
    { kind: 'truncate', afterBytes: 300 },
    { kind: 'reset' },
    { kind: 'reset', afterBytes: 300 },
  ],
  airtable: [
    { kind: 'named', name: 'airtable retriable' },
    { kind: 'named', name: 'airtable server error' },
    { kind: 'named', name: 'bad gateway' },
    { kind: 'truncate', afterBytes: 300 },
    { kind: 'reset' },
    { kind: 'reset', afterBytes: 300 },
  ],
};

type ArrivedRequest = Pick<SimRequest, 'serial' | 'platform' | 'method' | 'path' | 'token'>;

/** The plan of what goes wrong: scripted faults first, then storms. */
export class FaultPlan {
  #faults: { readonly fault: Fault; seen: number }[] = [];
  #storms: Storm[] = [];

  constructor(faults: readonly Fault[] = []) {
    this.add(...faults);
  }

  /** Adds faults; each counts its matching requests from now on. */
  add(...faults: readonly Fault[]): void {
    this.#faults.push(...faults.map((fault) => ({ fault, seen: 0 })));
  }

  /** Hits a share of all matching requests, the same ones for the same seed. */
  storm(storm: Storm): void {
    this.#storms.push(storm);
  }

  clear(): void {
    this.#faults = [];
    this.#storms = [];
  }

  /** The effect on one request, if any. Counts the request. */
  take(request: ArrivedRequest): FaultEffect | null {
    let effect: FaultEffect | null = null;
    for (const planned of this.#faults) {
      if (!matches(request, planned.fault)) continue;
      planned.seen += 1;
      const nth = planned.fault.nth ?? 1;
      const times = planned.fault.times ?? 1;
      const applies = planned.seen >= nth && (times === 0 || planned.seen < nth + times);
      if (applies) effect ??= planned.fault.effect;
    }
    return effect ?? this.#stormEffect(request);
  }

  #stormEffect(request: ArrivedRequest): FaultEffect | null {
    for (const storm of this.#storms) {
      if (!matches(request, storm)) continue;
      const hash = mix(storm.seed ?? 1, request.serial);
      if (hash / 2 ** 32 >= storm.rate) continue;
      const effects = storm.effects ?? STORM_EFFECTS[request.platform];
      return effects[mix(hash, 1) % effects.length] ?? null;
    }
    return null;
  }
}

/** The answer that an effect gives in place of the platform's own; null when it has none. */
export function answerOf(effect: FaultEffect): SimAnswer | null {
  if (effect.kind === 'answer') {
    return { status: effect.status, headers: effect.headers ?? {}, body: effect.body ?? '' };
  }
  if (effect.kind === 'named') return FAULT_ANSWERS[effect.name](effect.retryAfter);
  return null;
}
