import { Context, cancellationSignal } from '@temporalio/activity';
import type {
  CompareBatchInput,
  ComparedBatch,
  ComparisonRef,
} from '../contract/reconciliation.ts';
import {
  readComparedBatch,
  recordComparedBatch,
} from '../store/reconciliation/compared-batches.ts';
import { compareRejected, compareStaged, readClock } from '../store/reconciliation/comparison.ts';
import { countQuestions } from '../store/reconciliation/comparison-questions.ts';
import { inTransaction } from '../store/database.ts';
import { addProgress, holdReconciliation } from '../store/reconciliation/reconciliations.ts';
import { readColumns, readSource } from '../store/sources.ts';
import { copyRecords } from '../store/staging.ts';
import { connectSource } from './connect-account.ts';
import type { Dependencies } from './dependencies.ts';
import { withHeartbeat } from './running.ts';

/** A batch ends early after this: a large one at a slow rate is several short ones. */
const TIME_SLICE_MS = 45_000;

/**
 * Reads one batch of a listing and compares it with the table: staged, compared and removed in one transaction,
 * so that nothing of it is ever seen or lost. A batch that is compared already is answered with what was found.
 */
export function compareBatch(deps: Dependencies, input: CompareBatchInput): Promise<ComparedBatch> {
  return withHeartbeat(async (meter) => {
    const { comparison, window, free_window } = input;
    const place = { window: window.window, batch: window.next_batch };
    const before = await readComparedBatch(deps.db, comparison, place);
    if (before !== null) return before;
    const started = performance.now();
    const source = await readSource(deps.db, comparison.source_id);
    const columns = await readColumns(deps.db, source.id);
    const asked_at = await readClock(deps.db);
    const { session, ref } = await connectSource(deps, source, comparison, meter);
    const { records, rejected, windows, evidence } = await session.fetchBatch({
      ref,
      mode: 'full',
      since: null,
      columns,
      window,
      free_window,
      max_records: input.max_records,
      isTimeUp: () => performance.now() - started > TIME_SLICE_MS,
    });
    const staging = stagingKey(comparison);
    return inTransaction(deps.db, async (tx) => {
      await holdReconciliation(tx, comparison);
      const other = await readComparedBatch(tx, comparison, place);
      if (other !== null) return other;
      await copyRecords(tx, staging, columns, records, cancellationSignal());
      await compareStaged(tx, source, columns, comparison, staging, {
        asked_at,
        schema_changed: comparison.schema_changed,
        can_ask_edits: session.editedSince !== undefined,
      });
      const refused = rejected.flatMap(({ id }) => (id === null ? [] : [id]));
      await compareRejected(tx, comparison, refused);
      const metrics = meter.total();
      await addProgress(tx, comparison, { checked: records.length, requests: metrics.requests });
      const answer: ComparedBatch = {
        windows,
        records: records.length,
        evidence: { ...evidence, rows: records.length },
        metrics,
        to_ask: await countQuestions(tx, comparison),
      };
      await recordComparedBatch(tx, comparison, place, answer);
      return answer;
    });
  });
}

/** This attempt's name in staging. */
export function stagingKey({ run_id, source_id }: ComparisonRef) {
  const { workflowExecution, activityId, attempt } = Context.current().info;
  return {
    scan_id: `reconcile/${run_id}/${source_id}`,
    attempt: `${workflowExecution?.runId ?? ''}/${activityId}/${attempt}`,
  };
}
