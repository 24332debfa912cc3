import { endMarked } from './processes.ts';
import type { StackFiles } from './stack-files.ts';
import { readState, type StackState } from './state-file.ts';

/** A worker gives activities 10 s to end unless told otherwise; then it has up to 5 s for its own end. */
const USUAL_GRACE_SECONDS = 10;
const OWN_END_MS = 6_000;
const TEMPORAL_GRACE_MS = 5_000;
const POSTGRES_GRACE_MS = 20_000;

/** Time that a worker with this grace needs to end by itself. */
export const workerStopMs = (graceSeconds: number): number => graceSeconds * 1_000 + OWN_END_MS;

/** The same of the worker that the state knows. */
export const stopMsOf = ({ worker }: StackState): number =>
  worker?.stop_ms ?? workerStopMs(USUAL_GRACE_SECONDS);

/** Time in which `endParts` is over: its graces one after the other, and a little. */
export const partsStopMs = (state: StackState): number =>
  stopMsOf(state) + TEMPORAL_GRACE_MS + POSTGRES_GRACE_MS + 3_000;

/** Ends every process of a home but its supervisor, in the order in which they need each other. */
export async function endParts({ marks, state }: StackFiles): Promise<void> {
  await endMarked(marks.worker, 'SIGTERM', stopMsOf(readState(state)));
  await endMarked(marks.temporal, 'SIGTERM', TEMPORAL_GRACE_MS);
  // SIGINT is Postgres's fast shutdown: clients are cut off, everything committed is on disk.
  await endMarked(marks.postgres, 'SIGINT', POSTGRES_GRACE_MS);
}
