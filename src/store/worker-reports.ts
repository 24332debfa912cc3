import type { Queryable } from './database.ts';

/** Connections to Postgres of one process. */
export interface DatabasePool {
  readonly most: number;
  readonly open: number;
  readonly busy: number;
  readonly idle: number;
  /** Statements and transactions that wait for a connection now. */
  readonly waiting: number;
  /** Since the start: times that a connection was taken, and times that one was there already. */
  readonly taken: number;
  readonly reused: number;
}

/** Requests of one account in one process. */
export interface RequestPool {
  readonly account: string;
  /** Most at once, as the last one asked for. */
  readonly most: number;
  readonly busy: number;
  readonly waiting: number;
  /** Since the start: requests that got a place, and those of them that had to wait for it. */
  readonly taken: number;
  readonly waited: number;
}

export interface WorkerReport {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly software: string;
  /** ISO 8601. */
  readonly started_at: string;
  readonly pools: { readonly postgres: DatabasePool; readonly http: readonly RequestPool[] };
}

/** Writes or renews a worker's row, and removes those of workers that have said nothing for an hour. */
export async function reportWorker(db: Queryable, report: WorkerReport): Promise<void> {
  await db.query(
    `with gone as (
       delete from appsync.worker_report where reported_at < now() - interval '1 hour' and id <> $1
     )
     insert into appsync.worker_report as w (id, host, pid, software, started_at, pools)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (id) do update set reported_at = now(), pools = excluded.pools`,
    [
      report.id,
      report.host,
      report.pid,
      report.software,
      report.started_at,
      JSON.stringify(report.pools),
    ],
  );
}

/** A worker that ends takes its row along. */
export async function forgetWorker(db: Queryable, id: string): Promise<void> {
  await db.query('delete from appsync.worker_report where id = $1', [id]);
}

/** Workers that reported within the last 30 s, the oldest first. */
export async function readLiveWorkers(db: Queryable): Promise<readonly WorkerReport[]> {
  const { rows } = await db.query<WorkerReport>(
    `select id, host, pid, software, appsync.iso(started_at) as started_at, pools
       from appsync.worker_report where reported_at > now() - interval '30 seconds'
      order by worker_report.started_at, id`,
  );
  return rows;
}
