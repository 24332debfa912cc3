import type { Queryable } from './database.ts';

/** What happened in one hour, that began at `hour` (ISO 8601). */
export interface HourOfWork {
  readonly hour: string;
  /** Records of the batches that were merged in it. */
  readonly records: number;
  /** Requests to platforms: those of its batches, and all others of the source runs that ended in it or are at work. */
  readonly requests: number;
}

/**
 * The last hours, the oldest first, those without work included. What a source asked beside its batches (opening,
 * values that were cut, the sweep, contents) is recorded as one sum, so it counts when the source ended.
 */
export async function readHours(db: Queryable, hours: number): Promise<readonly HourOfWork[]> {
  const { rows } = await db.query<HourOfWork>(
    `with span as (
       select date_trunc('hour', now()) - ($1 - 1) * interval '1 hour' as begins
     ),
     recent as (
       select r.id from appsync.run r, span where r.finished_at is null or r.finished_at >= span.begins
     ),
     batches as (
       select run_id, source_id, sum((metrics ->> 'requests')::float8) as requests
         from appsync.batch where run_id in (select id from recent) group by run_id, source_id
     ),
     source_runs as (
       select case r.status when 'running' then now() else r.finished_at end as at,
              (r.metrics ->> 'requests')::float8 - coalesce(b.requests, 0) as requests
         from appsync.source_run r left join batches b using (run_id, source_id)
        where run_id in (select id from recent)
     ),
     work as (
       select merged_at as at, (metrics ->> 'read')::float8 as records,
              (metrics ->> 'requests')::float8 as requests
         from appsync.batch, span where merged_at >= span.begins
       union all
       select at, 0, greatest(requests, 0) from source_runs
     )
     select appsync.iso(hour) as hour, coalesce(sum(w.records), 0) as records,
            coalesce(sum(w.requests), 0) as requests
       from span, generate_series(span.begins, date_trunc('hour', now()), interval '1 hour') as hour
       left join work w on date_trunc('hour', w.at) = hour
      group by hour order by hour`,
    [hours],
  );
  return rows;
}

export interface Sizes {
  readonly database_bytes: number;
  /** Destination tables with their indexes; estimates of Postgres where rows are counted. */
  readonly tables: number;
  readonly table_bytes: number;
  readonly rows: number;
  readonly staging_bytes: number;
  readonly staging_rows: number;
  /** The largest tables. */
  readonly largest: readonly {
    readonly table: string;
    readonly bytes: number;
    readonly rows: number;
  }[];
}

const LARGEST = 5;

/** One look at Postgres's catalog, whatever the number of tables. */
export async function readSizes(db: Queryable): Promise<Sizes> {
  const { rows } = await db.query<Sizes>(
    `with sized as (
       select s.table_schema || '.' || s.table_name as table, pg_total_relation_size(c.oid)::float8 as bytes,
              greatest(coalesce(pg_stat_get_live_tuples(c.oid), 0), c.reltuples, 0)::float8 as rows
         from appsync.source s
         join pg_namespace n on n.nspname = s.table_schema
         join pg_class c on c.relnamespace = n.oid and c.relname = s.table_name
     )
     select pg_database_size(current_database())::float8 as database_bytes,
            (select count(*) from sized) as tables,
            (select coalesce(sum(bytes), 0) from sized) as table_bytes,
            (select coalesce(sum(rows), 0) from sized) as rows,
            pg_total_relation_size('appsync.staging')::float8 as staging_bytes,
            coalesce(pg_stat_get_live_tuples('appsync.staging'::regclass), 0) as staging_rows,
            coalesce((
              select jsonb_agg(to_jsonb(l) order by l.bytes desc)
                from (select * from sized order by bytes desc limit $1) l
            ), '[]') as largest`,
    [LARGEST],
  );
  const [sizes] = rows;
  if (sizes === undefined) throw new Error('a query without rows');
  return sizes;
}

/** What platforms counted besides over all recorded runs, by platform and name. */
export interface CustomTotal {
  readonly platform: string;
  readonly name: string;
  readonly total: number;
}

export async function readCustomTotals(db: Queryable): Promise<readonly CustomTotal[]> {
  const { rows } = await db.query<CustomTotal>(
    `select r.platform, c.key as name, sum(c.value::float8) as total
       from appsync.platform_run r, jsonb_each_text(r.metrics -> 'custom') c
      group by 1, 2 order by 1, 2`,
  );
  return rows;
}

export interface InstallationTotals {
  readonly sources: number;
  readonly enabled: number;
  readonly accounts: number;
  readonly runs: number;
  /** Over all runs that are recorded. */
  readonly source_runs: number;
  readonly records_read: number;
  readonly records_written: number;
  readonly requests: number;
  readonly rate_limited: number;
  readonly quarantined: number;
}

export async function readTotals(db: Queryable): Promise<InstallationTotals> {
  const { rows } = await db.query<InstallationTotals>(
    `select s.sources, s.enabled, (select count(*) from appsync.account) as accounts, r.*, c.source_runs,
            (select count(*) from appsync.quarantine where dropped_at is null) as quarantined
       from (
         select count(*) as sources, count(*) filter (where enabled) as enabled from appsync.source
       ) s,
       (
         select count(*) as runs, coalesce(sum((metrics ->> 'read')::float8), 0) as records_read,
                coalesce(sum((metrics ->> 'inserted')::float8 + (metrics ->> 'updated')::float8), 0)
                  as records_written,
                coalesce(sum((metrics ->> 'requests')::float8), 0) as requests,
                coalesce(sum((metrics ->> 'rate_limited')::float8), 0) as rate_limited
           from appsync.run
       ) r,
       lateral (select count(*) as source_runs from appsync.source_run) c`,
  );
  const [totals] = rows;
  if (totals === undefined) throw new Error('a query without rows');
  return totals;
}
