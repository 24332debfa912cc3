import type { FullScanFacts, IncrementalFacts } from '../contract/scan-cost.ts';
import type { Queryable } from './database.ts';
import type { SourceRow } from './sources.ts';
import type { Checkpoint } from './scans.ts';

/** Runs of each source that an estimate learns from: the latest 30, fewer of each of many sources. */
const MOST_RUNS = 30;
const FEWEST_RUNS = 5;
/** About as many runs of all sources are read in a tenth of a second. */
const RUNS_READ = 10_000;

/** Everything that a plan needs to know of one source besides its schema. */
export interface PlanFacts extends SourceRow {
  readonly to_heal: number;
  /** Whether healing is wished, and the scan that was begun for it. */
  readonly is_healing: boolean;
  readonly heal_scan: string | null;
  readonly unread: number;
  /** Rows that the table should have: of the last full scan, and what came and went since. */
  readonly records: number | null;
  readonly watermark_age_seconds: number | null;
  /** When a run read its schema last. */
  readonly schema_read_at: string | null;
  readonly full: FullScanFacts | null;
  readonly incremental: IncrementalFacts | null;
  /** The run that is at it now. */
  readonly held_by: string | null;
  readonly paused_since: string | null;
  readonly checkpoint: (Omit<Checkpoint, 'evidence'> & { readonly pages: number }) | null;
}

/**
 * Facts of many sources by id, in one statement however many there are. Each source's latest runs say what its
 * scans take and how much is edited.
 */
export async function readPlanFacts(
  db: Queryable,
  sourceIds: readonly number[],
): Promise<ReadonlyMap<number, PlanFacts>> {
  const affordable = Math.floor(RUNS_READ / sourceIds.length);
  const runs = Math.max(FEWEST_RUNS, Math.min(MOST_RUNS, affordable));
  const { rows } = await db.query<PlanFacts>(FACTS, [sourceIds, runs]);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Counts of a run that estimates go by. */
const COUNTED = [
  'requests',
  'read',
  'inserted',
  'updated',
  'deleted',
  'contents',
  'rate_limited',
  'batches',
]
  .map((name) => `coalesce((r.metrics ->> '${name}')::float8, 0) as ${name}`)
  .join(', ');

const IS_INCREMENTAL = `filter (where l.mode = 'incremental' and l.pages > 0)`;
const INCREMENTAL_SUMS = ['requests', 'pages', 'read', 'contents', 'rate_limited', 'seconds']
  .map((name) => `'${name}', sum(l.${name}) ${IS_INCREMENTAL}`)
  .join(', ');

const FACTS = `
  select s.id, s.alias, a.platform, a.name as account, a.token_ref, a.plan,
         a.rate_limit::float8 as rate_limit, s.ref, s.external_id, s.table_schema, s.table_name,
         s.failures, s.every_seconds, s.cron, appsync.iso(s.watermark) as watermark, s.certified,
         s.full_scan_records::float8 as full_scan_records, s.schema_fingerprint, s.version, s.full_every_seconds,
         s.content, s.content_kept,
         extract(epoch from now() - s.full_scan_at)::float8 as full_scan_age_seconds,
         extract(epoch from now() - s.watermark)::float8 as watermark_age_seconds,
         coalesce(heal.records, 0)::float8 as to_heal, heal.source_id is not null as is_healing, heal.scan_id as heal_scan,
         coalesce(unread.contents, 0)::float8 as unread,
         case when s.full_scan_records is not null
              then greatest(0, s.full_scan_records + coalesce(learned.grown, 0)) end::float8 as records,
         learned.schema_read_at, learned."full", learned.incremental,
         holder.id as held_by,
         coalesce(holder.control ->> 'paused_since', holder.control -> 'paused_sources' ->> s.alias)
           as paused_since,
         begun.checkpoint
    from appsync.source s
    join appsync.account a on a.id = s.account_id
    left join appsync.heal on heal.source_id = s.id
    left join (
      select source_id, count(*) as contents from appsync.unread_content group by source_id
    ) unread on unread.source_id = s.id and s.content is not null
    left join appsync.run holder on holder.id = s.holder_run_id and holder.finished_at is null
    left join lateral (
      select jsonb_build_object(
               'identity', jsonb_build_object(
                 'scan_id', c.id, 'mode', c.mode, 'since', appsync.iso(c.since),
                 'started_at', appsync.iso(c.started_at), 'schema_fingerprint', c.schema_fingerprint),
               'ref', c.ref, 'pages', coalesce((c.evidence ->> 'pages')::integer, 0),
               'age_ms', extract(epoch from now() - c.created_at)::float8 * 1000,
               'windows', (select coalesce(jsonb_agg(w.state order by w.window_no), '[]')
                             from appsync.scan_window w where w.scan_id = c.id),
               'batches', (select count(*) from appsync.batch b where b.scan_id = c.id)) as checkpoint
        from appsync.scan c where c.source_id = s.id
    ) begun on true
    left join lateral (
      select appsync.iso(max(l.started_at) filter (where l.mode is not null)) as schema_read_at,
             sum(l.inserted - l.deleted) filter (where l.started_at > s.full_scan_at) as grown,
             (array_agg(jsonb_build_object(
                'requests', l.requests, 'pages', l.pages, 'records', l.records,
                'written', l.inserted + l.updated, 'contents', l.contents,
                'rate_limited', l.rate_limited, 'batch_size', l.batch_size,
                'batches', l.batches)
              order by l.finished_at desc) filter (where l.mode = 'full' and l.pages > 0))[1] as "full",
             case when count(*) ${IS_INCREMENTAL} > 0 then
               jsonb_build_object(
                 'runs', count(*) ${IS_INCREMENTAL},
                 ${INCREMENTAL_SUMS},
                 'written', sum(l.inserted + l.updated) ${IS_INCREMENTAL})
             end as incremental
        from (
          select r.mode, r.started_at, r.finished_at,
                 ${COUNTED},
                 case when r.status = 'complete' then (r.evidence ->> 'pages')::float8 end as pages,
                 (r.evidence ->> 'records')::float8 as records,
                 coalesce(extract(epoch from (r.evidence ->> 'began_at')::timestamptz
                                             - (r.evidence ->> 'since')::timestamptz), 0)::float8 as seconds,
                 coalesce((run.options ->> 'batch_size')::float8, 100) as batch_size
            from appsync.source_run r join appsync.run on run.id = r.run_id
           where r.source_id = s.id
           order by r.finished_at desc limit $2
        ) l
    ) learned on true
   where s.id = any($1::bigint[])`;

/** Requests that syncs and comparisons of this month made, by account; a month is a UTC month, as plans count. */
export async function readMonthlyRequests(db: Queryable): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.query<{ account: string; requests: number }>(
    `select a.name as account, sum(made.requests) as requests
       from (
         select source_id, started_at, (metrics ->> 'requests')::float8 as requests
           from appsync.source_run
         union all
         select source_id, started_at, requests::float8 from appsync.reconciliation
       ) made
       join appsync.source s on s.id = made.source_id
       join appsync.account a on a.id = s.account_id
      where made.started_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'
      group by a.name`,
  );
  return new Map(rows.map(({ account, requests }) => [account, requests ?? 0]));
}

/** Accounts that may send nothing for now, with the time until when and the reason. */
export async function readBlocked(
  db: Queryable,
): Promise<ReadonlyMap<string, { readonly until: string; readonly reason: string | null }>> {
  const { rows } = await db.query<{ account: string; until: string; reason: string | null }>(
    `select distinct on (account) account, appsync.iso(blocked_until) as until, block_reason as reason
       from appsync.rate_budget where blocked_until > now() order by account, blocked_until desc`,
  );
  return new Map(rows.map(({ account, ...blocked }) => [account, blocked]));
}
