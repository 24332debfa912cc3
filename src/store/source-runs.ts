import type { ClosedSource } from '../contract/activities.ts';
import { addMetrics, syncMetrics, type SyncMetrics } from '../contract/metrics.ts';
import type { Certificate, ScanMode } from '../contract/scan.ts';
import type { SourceError, SourceStatus } from '../contract/summary.ts';
import type { Queryable } from './database.ts';

export interface SourceRunKey {
  readonly run_id: string;
  readonly source_id: number;
}

/**
 * A source of a run that begins to be synced: from now on people see it. Returns how it ended when that is recorded
 * already; then nothing begins.
 */
export async function beginSourceRun(
  db: Queryable,
  run: SourceRunKey & { readonly workflow_id: string },
): Promise<ClosedSource | null> {
  const { rowCount } = await db.query(
    `insert into appsync.source_run (run_id, source_id, workflow_id, status, started_at, finished_at)
     values ($1, $2, $3, 'running', now(), now()) on conflict (run_id, source_id) do nothing`,
    [run.run_id, run.source_id, run.workflow_id],
  );
  return rowCount === 1 ? null : readSourceRunEnd(db, run);
}

/** Why an attempt failed that is tried again: shown until something succeeds. */
export async function noteTrouble(
  db: Queryable,
  run: SourceRunKey,
  trouble: string,
): Promise<void> {
  await db.query(
    `update appsync.source_run set trouble = $3
      where run_id = $1 and source_id = $2 and status = 'running'`,
    [run.run_id, run.source_id, trouble],
  );
}

/**
 * Adds what was counted to a source's line, which progress displays read, and returns the sum; `mode` once its scan is
 * chosen.
 */
export async function addToSourceRun(
  tx: Queryable,
  run: SourceRunKey,
  metrics: Partial<SyncMetrics>,
  mode: ScanMode | null = null,
): Promise<SyncMetrics> {
  const { rows } = await tx.query<{ metrics: Partial<SyncMetrics> }>(
    'select metrics from appsync.source_run where run_id = $1 and source_id = $2 for update',
    [run.run_id, run.source_id],
  );
  const sum = addMetrics(rows[0]?.metrics ?? {}, metrics);
  await tx.query(
    `update appsync.source_run set metrics = $3, trouble = null, mode = coalesce($4, mode)
      where run_id = $1 and source_id = $2`,
    [run.run_id, run.source_id, JSON.stringify(sum), mode],
  );
  return sum;
}

export interface SourceRunEnd {
  readonly workflow_id: string;
  readonly status: SourceStatus;
  readonly mode: ScanMode | null;
  readonly certified: boolean;
  readonly certificate: Certificate | null;
  readonly metrics: SyncMetrics;
  readonly started_at: string;
  readonly error: SourceError | null;
}

/** Records how a source ended in a run. The first record stands: a repeated close changes nothing. */
export async function endSourceRun(tx: Queryable, run: SourceRunKey & SourceRunEnd): Promise<void> {
  await tx.query(
    `insert into appsync.source_run as r
       (run_id, source_id, workflow_id, status, mode, certified, evidence, metrics, started_at, error)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (run_id, source_id) do update
        set workflow_id = excluded.workflow_id, status = excluded.status,
            mode = coalesce(excluded.mode, r.mode),
            certified = excluded.certified, evidence = excluded.evidence, metrics = excluded.metrics,
            started_at = least(r.started_at, excluded.started_at), finished_at = now(),
            error = excluded.error
      where r.status = 'running'`,
    [
      run.run_id,
      run.source_id,
      run.workflow_id,
      run.status,
      run.mode,
      run.certified,
      JSON.stringify(run.certificate ?? {}),
      JSON.stringify(run.metrics),
      run.started_at,
      run.error === null ? null : JSON.stringify(run.error),
    ],
  );
}

/** What a source that still runs has counted so far, or null when it does not run. */
export async function readRunningMetrics(
  db: Queryable,
  run: SourceRunKey,
): Promise<SyncMetrics | null> {
  const { rows } = await db.query<{ metrics: Partial<SyncMetrics> }>(
    `select metrics from appsync.source_run
      where run_id = $1 and source_id = $2 and status = 'running'`,
    [run.run_id, run.source_id],
  );
  return rows[0] === undefined ? null : syncMetrics(rows[0].metrics);
}

/**
 * Ends what earlier runs left at work on a source whose fence is ours now: their workflows were terminated,
 * or belong to another Temporal, and can record nothing any more.
 */
export async function endAbandoned(tx: Queryable, run: SourceRunKey): Promise<void> {
  const error: SourceError = {
    type: 'FenceLost',
    message: `run ${run.run_id} took over`,
    hint: `appsync runs show ${run.run_id}`,
  };
  await tx.query(
    `update appsync.source_run set status = 'failed', finished_at = now(), error = $3
      where source_id = $2 and run_id <> $1 and status = 'running'`,
    [run.run_id, run.source_id, JSON.stringify(error)],
  );
}

/** How a source ended in a run, or null while it runs or when it never began. */
export async function readSourceRunEnd(
  db: Queryable,
  run: SourceRunKey,
): Promise<ClosedSource | null> {
  const { rows } = await db.query<{
    status: SourceStatus;
    mode: ScanMode | null;
    certified: boolean;
    metrics: Partial<SyncMetrics>;
    error: SourceError | null;
  }>(
    `select status, mode, certified, metrics, error from appsync.source_run
      where run_id = $1 and source_id = $2 and status <> 'running'`,
    [run.run_id, run.source_id],
  );
  const [row] = rows;
  return row === undefined ? null : { ...row, metrics: syncMetrics(row.metrics) };
}
