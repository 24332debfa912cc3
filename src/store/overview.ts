import type { SourceError } from '../contract/summary.ts';
import type { Queryable } from './database.ts';

/** A source as it stands, for one who looks at all of them. */
export interface SourceState {
  readonly alias: string;
  readonly platform: string;
  readonly account: string;
  readonly app: string | null;
  readonly component: string | null;
  readonly table: string;
  readonly enabled: boolean;
  /** `1h` or a cron expression; null: due each time somebody looks. */
  readonly timing: string | null;
  readonly next_due_at: string | null;
  readonly last_status: string | null;
  readonly last_synced_at: string | null;
  readonly certified: boolean;
  /** Of the last full scan. */
  readonly records: number | null;
  /** The run that is at it. */
  readonly at_work_in: string | null;
  /** How its latest run that has ended failed, or what that one lacked. */
  readonly error: SourceError | null;
  readonly quarantined: number;
}

/** All sources by alias, or the one of that alias: one query. */
export async function readSourceStates(
  db: Queryable,
  alias: string | null = null,
): Promise<readonly SourceState[]> {
  const { rows } = await db.query<SourceState>(
    `select s.alias, a.platform, a.name as account, p.slug as app, s.component,
            s.table_schema || '.' || s.table_name as table, s.enabled,
            coalesce(s.cron, s.every) as timing, appsync.iso(s.next_due_at) as next_due_at, s.last_status,
            appsync.iso(s.last_synced_at) as last_synced_at, s.certified,
            s.full_scan_records::float8 as records, h.id as at_work_in, l.error,
            coalesce(q.records, 0)::float8 as quarantined
       from appsync.source s
       join appsync.account a on a.id = s.account_id
       left join appsync.application p on p.id = s.application_id
       left join appsync.run h on h.id = s.holder_run_id and h.finished_at is null
       left join lateral (
         select r.error from appsync.source_run r
          where r.source_id = s.id and r.status <> 'running' order by r.finished_at desc limit 1
       ) l on true
       left join (
         select source_id, count(*) as records from appsync.quarantine
          where dropped_at is null group by source_id
       ) q on q.source_id = s.id
      where $1::text is null or s.alias = $1
      order by s.alias collate "C"`,
    [alias],
  );
  return rows;
}

/** A change of a table, of whichever run. */
export interface LatestChange {
  readonly alias: string;
  readonly run_id: string;
  readonly at: string;
  readonly kind: string;
  readonly column: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

/** The latest changes of tables that were there already, of all sources or of one, the latest first. */
export async function readLatestChanges(
  db: Queryable,
  limit: number,
  alias: string | null = null,
): Promise<readonly LatestChange[]> {
  const { rows } = await db.query<LatestChange>(
    `select s.alias, c.run_id, appsync.iso(c.at) as at, c.kind, c.column_name as column,
            c.from_value as from, c.to_value as to
       from appsync.schema_change c join appsync.source s on s.id = c.source_id
      where c.kind <> 'table_created' and ($2::text is null or s.alias = $2)
      order by c.id desc limit $1`,
    [limit, alias],
  );
  return rows;
}

/** One sync of a source. */
export interface SourceHistoryRow {
  readonly run_id: string;
  readonly status: string;
  readonly mode: string | null;
  readonly certified: boolean;
  readonly read: number;
  readonly written: number;
  readonly requests: number;
  readonly duration_ms: number;
  readonly started_at: string;
  readonly error: SourceError | null;
}

/** The latest syncs of a source, the latest first. */
export async function readSourceHistory(
  db: Queryable,
  alias: string,
  limit: number,
): Promise<readonly SourceHistoryRow[]> {
  const { rows } = await db.query<SourceHistoryRow>(
    `select r.run_id, r.status, r.mode, r.certified, r.error, appsync.iso(r.started_at) as started_at,
            coalesce((r.metrics ->> 'read')::float8, 0) as read,
            coalesce((r.metrics ->> 'inserted')::float8, 0) + coalesce((r.metrics ->> 'updated')::float8, 0)
              as written,
            coalesce((r.metrics ->> 'requests')::float8, 0) as requests,
            extract(epoch from r.finished_at - r.started_at)::float8 * 1000 as duration_ms
       from appsync.source_run r join appsync.source s on s.id = r.source_id
      where s.alias = $1 order by r.started_at desc limit $2`,
    [alias, limit],
  );
  return rows;
}

/** Why records of a source are in quarantine, the commonest reason first. */
export interface QuarantineReason {
  readonly alias: string;
  readonly reason: string;
  readonly records: number;
  readonly last_seen_at: string;
}

export async function readQuarantineReasons(
  db: Queryable,
  limit: number,
  alias: string | null = null,
): Promise<readonly QuarantineReason[]> {
  const { rows } = await db.query<QuarantineReason>(
    `select s.alias, q.reason, count(*)::float8 as records, appsync.iso(max(q.last_seen_at)) as last_seen_at
       from appsync.quarantine q join appsync.source s on s.id = q.source_id
      where q.dropped_at is null and ($2::text is null or s.alias = $2)
      group by s.alias, q.reason order by count(*) desc, s.alias limit $1`,
    [limit, alias],
  );
  return rows;
}
