import {
  reconcileTotals,
  type ComparisonSummary,
  type DriftedRecord,
  type ReconcileSummary,
} from '../../contract/reconcile-summary.ts';
import type { ComparisonChoice, DriftTally } from '../../contract/reconciliation.ts';
import type { RunStatus, SourceError } from '../../contract/summary.ts';
import type { Queryable } from '../database.ts';
import { JOIN_WAIT, type RunProgress, type SourceProgressRow } from '../run-progress.ts';

interface RunRow {
  readonly workflow_id: string;
  readonly target: string;
  readonly choice: ComparisonChoice;
  readonly status: RunStatus | 'running';
  readonly started_at: string;
  readonly finished_at: string;
  readonly error: SourceError | null;
}

/** The summary of a reconciliation, so far when it still runs; null when there is none of that id. */
export async function readReconcileSummary(
  db: Queryable,
  runId: string,
): Promise<ReconcileSummary | null> {
  const { rows } = await db.query<RunRow>(
    `select workflow_id, target, choice, status, appsync.iso(started_at) as started_at,
            appsync.iso(coalesce(finished_at, now())) as finished_at, error
       from appsync.reconcile_run where id = $1`,
    [runId],
  );
  const [run] = rows;
  if (run === undefined) return null;
  const sources = await readComparisons(db, runId);
  const { error, ...about } = run;
  return {
    run_id: runId,
    ...about,
    totals: reconcileTotals(sources),
    sources,
    ...(error === null ? {} : { error }),
  };
}

type ComparisonRow = DriftTally &
  Omit<ComparisonSummary, 'drift' | 'error'> & {
    readonly source_id: number;
    readonly error: SourceError | null;
  };

async function readComparisons(db: Queryable, runId: string): Promise<ComparisonSummary[]> {
  const { rows } = await db.query<ComparisonRow>(
    `select r.source_id, s.alias, a.platform, s.table_schema || '.' || s.table_name as table,
            r.status, r.mode, r.checked, r.matching, r.behind, r.missing, r.surplus, r.changed,
            r.altered, r.requests, r.expected_requests, r.error,
            round(extract(epoch from coalesce(r.finished_at, now()) - r.started_at) * 1000)::float8
              as duration_ms
       from appsync.reconciliation r
       join appsync.source s on s.id = r.source_id
       join appsync.account a on a.id = s.account_id
      where r.run_id = $1 order by a.platform, s.alias`,
    [runId],
  );
  const drift = await readDrift(db, runId);
  return rows.map(({ source_id, error, ...row }) => ({
    ...row,
    drift: drift.get(source_id) ?? [],
    ...(error === null ? {} : { error }),
  }));
}

async function readDrift(
  db: Queryable,
  runId: string,
): Promise<ReadonlyMap<number, readonly DriftedRecord[]>> {
  const { rows } = await db.query<DriftedRecord & { source_id: number }>(
    `select source_id, record_id, kind, columns from appsync.drift where run_id = $1
      order by source_id, kind, record_id`,
    [runId],
  );
  const bySource = new Map<number, DriftedRecord[]>();
  for (const { source_id, ...record } of rows) {
    const records = bySource.get(source_id) ?? [];
    records.push(record);
    bySource.set(source_id, records);
  }
  return bySource;
}

/** How much of a source's drift an earlier reconciliation found, and how much of it is kept by id. */
export async function readKeptDrift(
  db: Queryable,
  runId: string,
  sourceId: number,
): Promise<{ readonly found: number; readonly kept: number }> {
  const { rows } = await db.query<{ found: number; kept: number }>(
    `select r.missing + r.surplus + r.changed + r.altered as found,
            (select count(*) from appsync.drift d
              where d.run_id = r.run_id and d.source_id = r.source_id) as kept
       from appsync.reconciliation r where r.run_id = $1 and r.source_id = $2`,
    [runId, sourceId],
  );
  return rows[0] ?? { found: 0, kept: 0 };
}

/** Where a reconciliation stands, in the form that progress displays take. */
export async function readReconcileProgress(db: Queryable, runId: string): Promise<RunProgress> {
  const { rows } = await db.query<SourceProgressRow & { run_status: string }>(
    `select run.status as run_status, s.alias, a.platform, r.status, r.mode, r.checked as read,
            case when r.mode = 'full' then s.full_scan_records end as expected, r.requests,
            0 as rate_limited, case when r.status = 'running' then r.trouble end as trouble,
            case when r.status = 'running' then appsync.iso(b.waiting_until) end as waiting_until,
            0 as cut_values, 0 as quarantined, 0 as unread_contents, null as paused_since, appsync.iso(r.started_at) as started_at
       from appsync.reconcile_run run
       left join appsync.reconciliation r on r.run_id = run.id
       left join appsync.source s on s.id = r.source_id
       left join appsync.account a on a.id = s.account_id
       ${JOIN_WAIT}
      where run.id = $1 order by s.alias`,
    [runId],
  );
  return {
    status: rows[0]?.run_status ?? 'unknown',
    paused_since: null,
    sources: rows.filter((row) => row.alias !== null),
  };
}
