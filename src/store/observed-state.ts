import type { Queryable } from './database.ts';
import { readFailingSources, type FailingSource } from './failing-sources.ts';

/** What is going on in the database, for all workers together. */
export interface ObservedState {
  /** Rows fetched and not merged yet, as Postgres's statistics estimate them: counting would read them all. */
  readonly staging_rows: number;
  readonly running: readonly {
    readonly platform: string;
    readonly account: string;
    readonly sources: number;
  }[];
  readonly failing: readonly FailingSource[];
}

/** One look, a few milliseconds. A run that nobody carries out any more counts as running. */
export async function readObservedState(db: Queryable): Promise<ObservedState> {
  const [staging, running, failing] = await Promise.all([
    db.query<{ rows: number }>(
      `select coalesce(pg_stat_get_live_tuples('appsync.staging'::regclass), 0) as rows`,
    ),
    db.query<ObservedState['running'][number]>(
      `select a.platform, a.name as account, count(r.source_id)::integer as sources
         from appsync.account a
         left join appsync.source s on s.account_id = a.id
         left join appsync.source_run r on r.source_id = s.id and r.status = 'running'
        group by a.platform, a.name order by a.platform, a.name`,
    ),
    readFailingSources(db),
  ]);
  return { staging_rows: staging.rows[0]?.rows ?? 0, running: running.rows, failing };
}
