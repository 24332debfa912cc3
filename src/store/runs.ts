import { addMetrics, syncMetrics, type SyncMetrics } from '../contract/metrics.ts';
import type { SyncOptions } from '../contract/options.ts';
import type {
  PlatformSummary,
  RunStatus,
  RunSummary,
  SourceError,
  SourceSummary,
  Totals,
} from '../contract/summary.ts';
import { emptyOutcome, totalsOf } from '../contract/verdict.ts';
import type { Queryable } from './database.ts';
import { readChanges } from './destination/schema-changes.ts';

export interface NewRun {
  readonly run_id: string;
  readonly workflow_id: string;
  readonly target: string;
  readonly filters: object;
  readonly options: SyncOptions;
  /** Name of the schedule that starts it; absent: a person does. */
  readonly schedule?: string;
}

export interface RunRow {
  readonly run_id: string;
  readonly workflow_id: string;
  readonly target: string;
  /** Name of the schedule that started it; null: a person did. */
  readonly schedule: string | null;
  readonly status: string;
  readonly started_at: string;
  readonly finished_at: string | null;
  /** Since when the whole run pauses; null: it does not, or has ended. */
  readonly paused_since: string | null;
  readonly metrics: SyncMetrics;
}

const PAUSED_SINCE = `case when finished_at is null then control ->> 'paused_since' end as paused_since`;

/** Records a run before its workflow starts. Recording it again changes nothing. */
export async function insertRun(db: Queryable, run: NewRun): Promise<void> {
  await db.query(
    `insert into appsync.run (id, workflow_id, target, filters, options, schedule)
     values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing`,
    [
      run.run_id,
      run.workflow_id,
      run.target,
      JSON.stringify(run.filters),
      JSON.stringify(run.options),
      run.schedule ?? null,
    ],
  );
}

/** Records how a run ended. The first record stands. */
export async function finishRun(
  db: Queryable,
  run: {
    readonly run_id: string;
    readonly status: RunStatus;
    readonly metrics: SyncMetrics;
    readonly error: SourceError | null;
  },
): Promise<void> {
  await db.query(
    `update appsync.run set status = $2, metrics = $3, error = $4, finished_at = now()
      where id = $1 and finished_at is null`,
    [
      run.run_id,
      run.status,
      JSON.stringify(run.metrics),
      run.error === null ? null : JSON.stringify(run.error),
    ],
  );
}

export async function recordPlatformRun(
  db: Queryable,
  platform: {
    readonly run_id: string;
    readonly workflow_id: string;
    readonly platform: string;
    readonly status: RunStatus;
    readonly metrics: SyncMetrics;
    readonly started_at: string;
  },
): Promise<void> {
  await db.query(
    `insert into appsync.platform_run (run_id, workflow_id, platform, status, metrics, started_at)
     values ($1, $2, $3, $4, $5, $6) on conflict (run_id, workflow_id) do nothing`,
    [
      platform.run_id,
      platform.workflow_id,
      platform.platform,
      platform.status,
      JSON.stringify(platform.metrics),
      platform.started_at,
    ],
  );
}

const RUN_ROW = `
  select id as run_id, workflow_id, target, schedule, status, appsync.iso(started_at) as started_at,
         appsync.iso(finished_at) as finished_at, ${PAUSED_SINCE}, metrics
    from appsync.run`;

/** The latest runs first. */
export async function listRuns(db: Queryable, limit: number): Promise<readonly RunRow[]> {
  const { rows } = await db.query<RunRow>(`${RUN_ROW} order by started_at desc limit $1`, [limit]);
  return rows.map(withAllMetrics);
}

/** One run; null: there is no such run. */
export async function readRun(db: Queryable, runId: string): Promise<RunRow | null> {
  const { rows } = await db.query<RunRow>(`${RUN_ROW} where id = $1`, [runId]);
  return rows[0] === undefined ? null : withAllMetrics(rows[0]);
}

const withAllMetrics = (row: RunRow): RunRow => ({ ...row, metrics: syncMetrics(row.metrics) });

interface SourceRunRow {
  readonly alias: string;
  readonly platform: string;
  readonly external_id: string;
  readonly workflow_id: string;
  readonly status: SourceSummary['status'];
  readonly mode: SourceSummary['mode'];
  readonly table: string;
  readonly certified: boolean;
  readonly metrics: Partial<SyncMetrics>;
  readonly duration_ms: number;
  readonly error: SourceError | null;
  readonly notices: readonly string[];
}

/**
 * The summary of a run as `--json` prints it, or null when there is no such run. Of a run that is not
 * finished, the summary so far: `finished_at` is then now.
 */
export async function readRunSummary(db: Queryable, runId: string): Promise<RunSummary | null> {
  const { rows } = await db.query<RunRow & { status: RunStatus; finished: string }>(
    `select id as run_id, workflow_id, target, status, appsync.iso(started_at) as started_at,
            appsync.iso(coalesce(finished_at, now())) as finished, ${PAUSED_SINCE}
       from appsync.run where id = $1`,
    [runId],
  );
  const [run] = rows;
  if (run === undefined) return null;
  const [platforms, sources] = [await readPlatforms(db, runId), await readSourceRuns(db, runId)];
  const changes = await readChanges(db, runId);
  return {
    run_id: runId,
    workflow_id: run.workflow_id,
    target: run.target,
    status: run.status,
    started_at: run.started_at,
    finished_at: run.finished,
    ...(run.paused_since === null ? {} : { paused_since: run.paused_since }),
    totals: totals(sources),
    platforms: platforms.map((one) => ({
      ...one,
      totals: totals(sources.filter(({ platform }) => platform === one.platform)),
    })),
    sources: sources.map((row) => {
      const schema_changes = changes.get(row.alias);
      return { ...sourceSummary(row), ...(schema_changes === undefined ? {} : { schema_changes }) };
    }),
  };
}

/** Of a run and of its platforms alike from the sources' rows: so they add up, also when a run is cancelled. */
function totals(sources: readonly SourceRunRow[]): Totals {
  const metrics = sources.reduce((sum, source) => addMetrics(sum, source.metrics), syncMetrics());
  return { ...totalsOf({ ...emptyOutcome(), metrics }), sources: sources.length };
}

/** One line per platform: its parts, when it has several, taken together. */
async function readPlatforms(
  db: Queryable,
  runId: string,
): Promise<Omit<PlatformSummary, 'totals'>[]> {
  const { rows } = await db.query<{
    platform: string;
    workflow_id: string;
    statuses: RunStatus[];
  }>(
    `select p.platform, min(p.workflow_id) as workflow_id, array_agg(distinct p.status) as statuses
       from appsync.platform_run p where p.run_id = $1 group by p.platform order by p.platform`,
    [runId],
  );
  return rows.map((row) => ({
    platform: row.platform,
    workflow_id: row.workflow_id,
    status: row.statuses.length === 1 ? (row.statuses[0] as RunStatus) : 'partial',
  }));
}

async function readSourceRuns(db: Queryable, runId: string): Promise<SourceRunRow[]> {
  const { rows } = await db.query<SourceRunRow>(
    `select s.alias, a.platform, s.external_id, r.workflow_id, r.status, r.mode,
            s.table_schema || '.' || s.table_name as table, r.certified, r.metrics, r.error, r.notices,
            round(extract(epoch from r.finished_at - r.started_at) * 1000)::float8 as duration_ms
       from appsync.source_run r
       join appsync.source s on s.id = r.source_id
       join appsync.account a on a.id = s.account_id
      where r.run_id = $1 order by a.platform, s.alias`,
    [runId],
  );
  return rows;
}

function sourceSummary(row: SourceRunRow): SourceSummary {
  const metrics = syncMetrics(row.metrics);
  return {
    alias: row.alias,
    platform: row.platform,
    external_id: row.external_id,
    workflow_id: row.workflow_id,
    status: row.status,
    mode: row.mode,
    table: row.table,
    certified: row.certified,
    read: metrics.read,
    inserted: metrics.inserted,
    updated: metrics.updated,
    unchanged: metrics.unchanged,
    deleted: metrics.deleted,
    quarantined: metrics.quarantined,
    batches: metrics.batches,
    requests: metrics.requests,
    rate_limited: metrics.rate_limited,
    waited_ms: metrics.waited_ms,
    duration_ms: row.duration_ms,
    ...(metrics.custom === undefined ? {} : { custom: metrics.custom }),
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.notices.length === 0 ? {} : { notices: row.notices }),
  };
}
