import { endMarked } from './processes.ts';
import type { StackFiles } from './stack-files.ts';

/** A worker gives activities 10 s to end; then it has a little for its own end. */
export const WORKER_GRACE_MS = 12_000;
const TEMPORAL_GRACE_MS = 5_000;
const POSTGRES_GRACE_MS = 20_000;

/** Ends every process of a home but its supervisor, in the order in which they need each other. */
export async function endParts({ marks }: StackFiles): Promise<void> {
  await endMarked(marks.worker, 'SIGTERM', WORKER_GRACE_MS);
  await endMarked(marks.temporal, 'SIGTERM', TEMPORAL_GRACE_MS);
  // SIGINT is Postgres's fast shutdown: clients are cut off, everything committed is on disk.
  await endMarked(marks.postgres, 'SIGINT', POSTGRES_GRACE_MS);
}
