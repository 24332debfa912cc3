import type { Queryable } from './database.ts';

/** Where one source of a run stands now. */
export interface SourceProgressRow {
  readonly alias: string;
  readonly platform: string;
  readonly status: string;
  readonly mode: string | null;
  readonly read: number;
  /** Records of the last full scan; null when it is not known. */
  readonly expected: number | null;
  readonly requests: number;
  readonly rate_limited: number;
  /** Until when the account waits for its rate budget, when it does. */
  readonly waiting_until: string | null;
  /** Why the last attempt failed, while it is tried again. */
  readonly trouble: string | null;
  /** Values that a list cut short and that are still to be read whole. */
  readonly cut_values: number;
  /** Records put into quarantine so far; once the source has ended, all that wait there. */
  readonly quarantined: number;
  /** Records whose content is still to be read. */
  readonly unread_contents: number;
  /** Since when it pauses, by itself or with its run; null: it does not. */
  readonly paused_since: string | null;
  readonly started_at: string;
}

export interface RunProgress {
  readonly status: string;
  /** Since when the whole run pauses; null: it does not. */
  readonly paused_since: string | null;
  readonly sources: readonly SourceProgressRow[];
}

interface ProgressRow extends SourceProgressRow {
  readonly run_status: string;
  readonly run_paused_since: string | null;
}

/** Joins `b.waiting_until`: until when the account `a` waits for its budgets, the longest of them. */
export const JOIN_WAIT = `left join lateral (
         select max(greatest(waiting_until, blocked_until)) as waiting_until from appsync.rate_budget
          where account = a.name and greatest(waiting_until, blocked_until) > now()
       ) b on true`;

/** Sources of a run that have started, by alias, from what their batches recorded. One query. */
export async function readRunProgress(db: Queryable, runId: string): Promise<RunProgress> {
  const { rows } = await db.query<ProgressRow>(
    `select run.status as run_status,
            case when run.finished_at is null then run.control ->> 'paused_since' end as run_paused_since,
            s.alias, a.platform, r.status, r.mode,
            coalesce((r.metrics ->> 'read')::float8, 0) as read,
            case when r.mode = 'full' then s.full_scan_records end as expected,
            coalesce((r.metrics ->> 'requests')::float8, 0) as requests,
            coalesce((r.metrics ->> 'quarantined')::float8, 0) as quarantined,
            coalesce((r.metrics ->> 'rate_limited')::float8, 0) as rate_limited,
            case when r.status = 'running' then appsync.iso(b.waiting_until) end as waiting_until,
            case when r.status = 'running' then r.trouble end as trouble,
            (select count(*) from appsync.truncated_value v where v.source_id = s.id) as cut_values,
            case when s.content is null then 0
                 else (select count(*) from appsync.unread_content u where u.source_id = s.id)
            end as unread_contents,
            case when r.status = 'running' then coalesce(
              run.control ->> 'paused_since', run.control -> 'paused_sources' ->> s.alias
            ) end as paused_since,
            appsync.iso(r.started_at) as started_at
       from appsync.run run
       left join appsync.source_run r on r.run_id = run.id
       left join appsync.source s on s.id = r.source_id
       left join appsync.account a on a.id = s.account_id
       ${JOIN_WAIT}
      where run.id = $1 order by s.alias`,
    [runId],
  );
  return {
    status: rows[0]?.run_status ?? 'unknown',
    paused_since: rows[0]?.run_paused_since ?? null,
    sources: rows.filter((row) => row.alias !== null),
  };
}
