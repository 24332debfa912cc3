import type { RecordedScheduled, RecordScheduledInput } from '../contract/activities.ts';
import { targetName } from '../contract/target.ts';
import { findSources } from '../catalog/source-query.ts';
import { insertRun } from '../store/runs.ts';
import type { Dependencies } from './dependencies.ts';
import { withHeartbeat } from './running.ts';

/**
 * Records the run that a schedule starts, unless nothing is due: a schedule that ticks every few minutes would
 * fill the list of runs with empty ones. A second call finds the run recorded.
 */
export function recordScheduled(
  { db }: Dependencies,
  input: RecordScheduledInput,
): Promise<RecordedScheduled> {
  return withHeartbeat(async () => {
    const due = await findSources(db, input.target, input.filters, new Date());
    if (due.length > 0) await insertRun(db, { ...input, target: targetName(input.target) });
    return { due: due.length };
  });
}
