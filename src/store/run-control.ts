import type { RunControl } from '../contract/control.ts';
import { addMetrics, syncMetrics, type SyncMetrics } from '../contract/metrics.ts';
import type { SourceError } from '../contract/summary.ts';
import type { Queryable, Transaction } from './database.ts';
import { finishRun } from './runs.ts';

/** Keeps how people steer a run; an older state never replaces a newer one. */
export async function saveControl(
  db: Queryable,
  runId: string,
  control: RunControl,
): Promise<void> {
  await db.query(
    `update appsync.run set control = $2
      where id = $1 and coalesce((control ->> 'revision')::integer, 0) < $3`,
    [runId, JSON.stringify(control), control.revision],
  );
}

/**
 * Ends a run whose workflow cannot do it any more. Its sources are freed, what is merged stays, and whatever still
 * works for it somewhere (another Temporal, a child that is about to end) can write nothing from now on: the
 * fence is raised, which waits for a merge that is under way. A run that has ended meanwhile stays as it is.
 */
export async function endLostRun(
  tx: Transaction,
  runId: string,
  error: SourceError,
): Promise<void> {
  await tx.query(
    `update appsync.source
        set fence = fence + 1, holder_run_id = null, holder_execution = null, last_status = 'cancelled'
      where holder_run_id = $1`,
    [runId],
  );
  const { rows } = await tx.query<{ metrics: Partial<SyncMetrics> }>(
    `update appsync.source_run r
        set status = case when status = 'running' then 'cancelled' else status end,
            finished_at = case when status = 'running' then now() else finished_at end,
            error = case when status = 'running' then $2 else error end
      where run_id = $1 returning metrics`,
    [runId, JSON.stringify(error)],
  );
  const metrics = rows.reduce((sum, row) => addMetrics(sum, row.metrics), syncMetrics());
  await finishRun(tx, { run_id: runId, status: 'cancelled', metrics, error });
}
