import {
  MOST_KEPT,
  NO_DRIFT,
  type ClosedComparison,
  type ComparisonChoice,
  type ComparisonMode,
  type DriftTally,
} from '../../contract/reconciliation.ts';
import type { RunStatus, SourceError, SourceStatus } from '../../contract/summary.ts';
import { SyncFailure } from '../../errors.ts';
import { forgetCompared, type PassKey } from './comparison.ts';
import type { Queryable } from '../database.ts';

type Key = Omit<PassKey, 'pass'>;

/** So many reconciliations are kept. */
const KEPT_RUNS = 100;

/** Records a reconciliation before its workflow starts. Recording it again changes nothing. */
export async function insertReconcileRun(
  db: Queryable,
  run: {
    readonly run_id: string;
    readonly workflow_id: string;
    readonly target: string;
    readonly choice: ComparisonChoice;
  },
): Promise<void> {
  await db.query(
    `insert into appsync.reconcile_run (id, workflow_id, target, choice) values ($1, $2, $3, $4)
     on conflict (id) do nothing`,
    [run.run_id, run.workflow_id, run.target, JSON.stringify(run.choice)],
  );
}

/** Records how a reconciliation ended, and forgets those of long ago. The first record stands. */
export async function finishReconcileRun(
  db: Queryable,
  run: {
    readonly run_id: string;
    readonly status: RunStatus;
    readonly error: SourceError | null;
  },
): Promise<void> {
  await db.query(
    `update appsync.reconcile_run set status = $2, error = $3, finished_at = now()
      where id = $1 and finished_at is null`,
    [run.run_id, run.status, run.error === null ? null : JSON.stringify(run.error)],
  );
  await db.query(
    `delete from appsync.reconcile_run where status <> 'running' and id in (
       select id from appsync.reconcile_run order by started_at desc offset $1
     )`,
    [KEPT_RUNS],
  );
}

/** A source of a reconciliation that begins to be compared: from now on people see it. */
export async function beginReconciliation(
  db: Queryable,
  run: Key & { readonly workflow_id: string },
): Promise<void> {
  await db.query(
    `insert into appsync.reconciliation (run_id, source_id, workflow_id) values ($1, $2, $3)
     on conflict (run_id, source_id) do nothing`,
    [run.run_id, run.source_id, run.workflow_id],
  );
}

export async function describeReconciliation(
  tx: Queryable,
  run: Key & { readonly mode: ComparisonMode; readonly expected_requests: number | null },
): Promise<void> {
  await tx.query(
    `update appsync.reconciliation set mode = $3, expected_requests = $4
      where run_id = $1 and source_id = $2`,
    [run.run_id, run.source_id, run.mode, run.expected_requests],
  );
}

/**
 * First statement of every transaction that notes what was found: one at a time, and none once the comparison is
 * over. Throws FenceLost then: whoever comes is a zombie.
 */
export async function holdReconciliation(tx: Queryable, key: Key): Promise<void> {
  const { rowCount } = await tx.query(
    `select from appsync.reconciliation
      where run_id = $1 and source_id = $2 and status = 'running' for no key update`,
    [key.run_id, key.source_id],
  );
  if (rowCount !== 1) throw new SyncFailure('FenceLost', `reconciliation ${key.run_id} is over`);
}

/** Adds to what progress displays show. */
export async function addProgress(
  tx: Queryable,
  key: Key,
  more: { readonly checked: number; readonly requests: number },
): Promise<void> {
  await tx.query(
    `update appsync.reconciliation
        set checked = checked + $3, requests = requests + $4, trouble = null
      where run_id = $1 and source_id = $2 and status = 'running'`,
    [key.run_id, key.source_id, more.checked, more.requests],
  );
}

/** Why an attempt failed that is tried again: shown until something succeeds. */
export async function noteReconcileTrouble(
  db: Queryable,
  key: Key,
  trouble: string,
): Promise<void> {
  await db.query(
    `update appsync.reconciliation set trouble = $3
      where run_id = $1 and source_id = $2 and status = 'running'`,
    [key.run_id, key.source_id, trouble],
  );
}

/**
 * Counts what was found, keeps the drift by id and records how a source ended; what was noted record by record
 * goes. The first record stands: a repeated call is answered with it.
 */
export async function endReconciliation(
  tx: Queryable,
  end: PassKey & {
    readonly workflow_id: string;
    readonly status: SourceStatus;
    readonly requests: number;
    readonly error: SourceError | null;
  },
): Promise<ClosedComparison> {
  await beginReconciliation(tx, end);
  const { rows } = await tx.query<{ status: SourceStatus | 'running' }>(
    `select status from appsync.reconciliation where run_id = $1 and source_id = $2 for update`,
    [end.run_id, end.source_id],
  );
  if (rows[0]?.status === 'running') {
    await keepDrift(tx, end);
    await recordEnd(tx, end, await countVerdicts(tx, end));
    await forgetCompared(tx, end);
  }
  return readEnd(tx, end);
}

async function keepDrift(tx: Queryable, key: PassKey): Promise<void> {
  await tx.query(
    `insert into appsync.drift (run_id, source_id, record_id, kind, columns)
     select $1, $2, record_id, verdict, columns
       from (
         select *, row_number() over (partition by verdict order by record_id) as place
           from appsync.compared_record
          where run_id = $1 and source_id = $2 and pass = $3
            and verdict in ('missing', 'surplus', 'changed', 'altered')
       ) d
      where place <= $4`,
    [key.run_id, key.source_id, key.pass, MOST_KEPT],
  );
}

async function countVerdicts(tx: Queryable, key: PassKey): Promise<DriftTally> {
  const { rows } = await tx.query<{ verdict: keyof DriftTally; records: number }>(
    `select verdict, count(*) as records from appsync.compared_record
      where run_id = $1 and source_id = $2 and pass = $3 and verdict is not null group by verdict`,
    [key.run_id, key.source_id, key.pass],
  );
  const counted = Object.fromEntries(rows.map(({ verdict, records }) => [verdict, records]));
  const checked = rows.reduce((sum, { records }) => sum + records, 0);
  return { ...NO_DRIFT, ...counted, checked };
}

async function recordEnd(
  tx: Queryable,
  end: Parameters<typeof endReconciliation>[1],
  tally: DriftTally,
): Promise<void> {
  await tx.query(
    `update appsync.reconciliation
        set status = $3, requests = $4, error = $5, checked = $6, matching = $7, behind = $8,
            missing = $9, surplus = $10, changed = $11, altered = $12, trouble = null,
            finished_at = now()
      where run_id = $1 and source_id = $2`,
    [
      end.run_id,
      end.source_id,
      end.status,
      end.requests,
      end.error === null ? null : JSON.stringify(end.error),
      tally.checked,
      tally.matching,
      tally.behind,
      tally.missing,
      tally.surplus,
      tally.changed,
      tally.altered,
    ],
  );
}

async function readEnd(tx: Queryable, key: Key): Promise<ClosedComparison> {
  const { rows } = await tx.query<
    DriftTally & { status: SourceStatus; requests: number; error: SourceError | null }
  >(
    `select status, requests, error, checked, matching, behind, missing, surplus, changed, altered
       from appsync.reconciliation where run_id = $1 and source_id = $2`,
    [key.run_id, key.source_id],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a reconciliation that was just recorded is gone');
  const { status, requests, error, ...tally } = row;
  return { status, requests, error, tally };
}

/** Ends what terminated workflows left at work a week ago, and removes what they had noted. */
export async function endAbandonedReconciliations(tx: Queryable, sourceId: number): Promise<void> {
  const { rows } = await tx.query<{ run_id: string }>(
    `update appsync.reconciliation set status = 'failed', finished_at = now()
      where source_id = $1 and status = 'running' and started_at < now() - interval '7 days'
      returning run_id`,
    [sourceId],
  );
  for (const { run_id } of rows) await forgetCompared(tx, { run_id, source_id: sourceId });
}
