import { reasonOf } from '../errors.ts';
import { within } from './within.ts';

/** How far a worker's life has come; `draining` from the signal to the end. */
export type WorkerPhase = 'starting' | 'running' | 'draining' | 'ended';

/** What health is judged by. */
export interface HealthSources {
  readonly phase: () => WorkerPhase;
  /** Whether this worker asks Temporal for tasks; throws when Temporal does not answer. */
  readonly isPolling: () => Promise<boolean>;
  /** One round trip to Postgres; throws when there is none. */
  readonly askDatabase: () => Promise<void>;
}

export interface Health {
  readonly ok: boolean;
  readonly phase: WorkerPhase;
  /** Why not; empty when ok. */
  readonly reasons: readonly string[];
}

const ANSWER_MS = 2_000;

/** Alive: the event loop turns (or nobody would answer) and the worker has not ended. Restart it otherwise. */
export function liveness({ phase }: Pick<HealthSources, 'phase'>): Health {
  const now = phase();
  return now === 'ended'
    ? { ok: false, phase: now, reasons: ['the worker has ended'] }
    : { ok: true, phase: now, reasons: [] };
}

/** Ready: it polls, Temporal and Postgres answer within 2 s each. Never while starting or draining. */
export async function readiness({ phase, isPolling, askDatabase }: HealthSources): Promise<Health> {
  const now = phase();
  if (now !== 'running') return { ok: false, phase: now, reasons: [`the worker is ${now}`] };
  const checks = await Promise.all([
    reasonAgainst(
      'Postgres',
      askDatabase().then(() => true),
      '',
    ),
    reasonAgainst('Temporal', isPolling(), 'the worker does not poll Temporal for tasks'),
  ]);
  const reasons = checks.filter((reason) => reason !== null);
  return { ok: reasons.length === 0, phase: now, reasons };
}

async function reasonAgainst(
  who: string,
  answer: Promise<boolean>,
  otherwise: string,
): Promise<string | null> {
  try {
    return (await within(ANSWER_MS, who, answer)) ? null : otherwise;
  } catch (error) {
    const reason = reasonOf(error);
    return reason.startsWith(who) ? reason : `${who}: ${reason}`;
  }
}
