import type {
  CloseComparisonInput,
  ClosedComparison,
  RecordReconciliationInput,
} from '../contract/reconciliation.ts';
import type { SourceError, SourceStatus } from '../contract/summary.ts';
import { inTransaction } from '../store/database.ts';
import { endReconciliation, finishReconcileRun } from '../store/reconciliation/reconciliations.ts';
import type { Dependencies } from './dependencies.ts';
import { withHeartbeat } from './running.ts';

/**
 * Records what comparing a source found; a listing that is not whole makes it incomplete. The first record stands:
 * a repeated call answers with it, and from then on no attempt notes anything more.
 */
export function closeComparison(
  deps: Dependencies,
  input: CloseComparisonInput,
): Promise<ClosedComparison> {
  return withHeartbeat(() =>
    inTransaction(deps.db, (tx) => endReconciliation(tx, { ...input, ...verdict(input) })),
  );
}

function verdict(input: CloseComparisonInput): {
  readonly status: SourceStatus;
  readonly error: SourceError | null;
} {
  const { status, error, gaps, alias } = input;
  if (status !== 'complete' || gaps.length === 0) return { status, error };
  const message = `the listing is not whole, so rows that are too many cannot be told: ${gaps.join('; ')}`;
  const hint = `appsync reconcile all --source ${alias} --full`;
  return { status: 'incomplete', error: { type: 'EvidenceMissing', message, hint } };
}

/** Records how a reconciliation ended. The first record stands. */
export function recordReconciliation(
  deps: Dependencies,
  input: RecordReconciliationInput,
): Promise<void> {
  return withHeartbeat(() => finishReconcileRun(deps.db, input));
}
