import type { SourceError } from '../contract/summary.ts';
import type { Queryable } from './database.ts';

/** How the source runs of the last hours ended; those that are at work are not counted. */
export interface RecentOutcomes {
  readonly complete: number;
  readonly incomplete: number;
  readonly failed: number;
}

export async function readRecentOutcomes(db: Queryable, hours: number): Promise<RecentOutcomes> {
  const { rows } = await db.query<RecentOutcomes>(
    `select count(*) filter (where status = 'complete') as complete,
            count(*) filter (where status = 'incomplete') as incomplete,
            count(*) filter (where status = 'failed') as failed
       from appsync.source_run
      where status <> 'running' and finished_at > now() - $1 * interval '1 hour'`,
    [hours],
  );
  return rows[0] ?? { complete: 0, incomplete: 0, failed: 0 };
}

/** An enabled source, and what its freshness is judged by. Times are ISO 8601. */
export interface WatchedSource {
  readonly alias: string;
  readonly platform: string;
  readonly account: string;
  readonly app: string | null;
  readonly external_id: string;
  /** A list that the platform offers (its users, its bases): no discovery names it. */
  readonly is_listing: boolean;
  readonly every_seconds: number | null;
  readonly cron: string | null;
  readonly next_due_at: string | null;
  readonly last_synced_at: string | null;
  readonly certified: boolean;
  readonly at_work: boolean;
  /** When the latest run began that was about all that is enabled, and has ended. */
  readonly newest_run_at: string | null;
  readonly quarantined: number;
  /** Records whose deletion waits for a person. */
  readonly held: number;
}

/** The newest run of everything is one of `all` whose filters leave no enabled source out. */
export async function readWatchedSources(db: Queryable): Promise<readonly WatchedSource[]> {
  const { rows } = await db.query<WatchedSource>(
    `select s.alias, a.platform, a.name as account, p.slug as app, s.external_id, s.ref ? 'list' as is_listing,
            s.every_seconds, s.cron,
            appsync.iso(s.next_due_at) as next_due_at, appsync.iso(s.last_synced_at) as last_synced_at,
            s.certified, h.id is not null as at_work, appsync.iso(newest.started_at) as newest_run_at,
            coalesce(q.records, 0) as quarantined, coalesce(u.records, 0) as held
       from appsync.source s
       join appsync.account a on a.id = s.account_id
       left join appsync.application p on p.id = s.application_id
       left join appsync.run h on h.id = s.holder_run_id and h.finished_at is null
       left join (
         select started_at from appsync.run
          where target = 'all' and finished_at is not null and status <> 'cancelled'
            and filters - array['only_due', 'only_enabled'] = '{}'
          order by started_at desc limit 1
       ) newest on true
       left join (
         select source_id, count(*) as records from appsync.quarantine
          where dropped_at is null group by source_id
       ) q on q.source_id = s.id
       left join (
         select source_id, count(*) as records from appsync.unsettled_record
          where state in ('held', 'unreachable') group by source_id
       ) u on u.source_id = s.id
      where s.enabled
      order by s.alias collate "C"`,
  );
  return rows;
}

/** A source whose last attempts saw less than everything, and why the latest did. */
export interface SourceFailure {
  readonly alias: string;
  readonly external_id: string;
  readonly account: string;
  readonly since: string;
  /** Attempts in a row. */
  readonly failures: number;
  readonly error: SourceError | null;
}

/** Enabled sources that fail, with the words of their latest failure. */
export async function readFailureCauses(db: Queryable): Promise<readonly SourceFailure[]> {
  const { rows } = await db.query<SourceFailure>(
    `select s.alias, s.external_id, a.name as account, appsync.iso(s.failing_since) as since, s.failures,
            coalesce(l.error, jsonb_build_object('type', s.last_failure, 'message', s.last_status)) as error
       from appsync.source s
       join appsync.account a on a.id = s.account_id
       left join lateral (
         select r.error from appsync.source_run r
          where r.source_id = s.id and r.status in ('incomplete', 'failed')
          order by r.finished_at desc limit 1
       ) l on true
      where s.enabled and s.failures > 0
      order by s.failing_since, s.alias collate "C"`,
  );
  return rows;
}

/** A run that has not ended, and when it was last seen to do something. */
export interface UnfinishedRun {
  readonly run_id: string;
  readonly workflow_id: string;
  readonly started_at: string;
  readonly paused_since: string | null;
  /** Sources that pause by themselves. */
  readonly paused_sources: readonly string[];
  /** A batch was merged, a source began or ended, or an account of it was granted a request. */
  readonly progress_at: string;
}

export async function readUnfinishedRuns(db: Queryable): Promise<readonly UnfinishedRun[]> {
  const { rows } = await db.query<UnfinishedRun>(
    `select r.id as run_id, r.workflow_id, appsync.iso(r.started_at) as started_at,
            r.control ->> 'paused_since' as paused_since,
            array(select jsonb_object_keys(coalesce(r.control -> 'paused_sources', '{}'))) as paused_sources,
            appsync.iso(greatest(r.started_at, b.at, s.at, g.at)) as progress_at
       from appsync.run r
       left join lateral (
         select max(merged_at) as at from appsync.batch where run_id = r.id
       ) b on true
       left join lateral (
         select max(greatest(started_at, finished_at)) as at from appsync.source_run where run_id = r.id
       ) s on true
       left join lateral (
         select max(g.waiting_until) as at
           from appsync.source_run sr
           join appsync.source so on so.id = sr.source_id
           join appsync.account ac on ac.id = so.account_id
           join appsync.rate_budget g on g.account = ac.name
          where sr.run_id = r.id and sr.status = 'running'
       ) g on true
      where r.finished_at is null order by r.started_at desc`,
  );
  return rows;
}

/** Whether somebody asks for what is due without a schedule of ours: a person, or a cron job. */
export async function isDueAskedFor(db: Queryable, hours: number): Promise<boolean> {
  const { rows } = await db.query<{ asked: boolean }>(
    `select exists (
       select from appsync.run
        where schedule is null and (filters ->> 'only_due')::boolean
          and started_at > now() - $1 * interval '1 hour'
     ) as asked`,
    [hours],
  );
  return rows[0]?.asked === true;
}
