import type { Queryable } from './database.ts';

/** A source whose last attempts saw less than everything. */
export interface FailingSource {
  readonly alias: string;
  readonly platform: string;
  readonly account: string;
  /** Attempts in a row. */
  readonly failures: number;
  readonly failing_since: string;
  /** Type of the last failure. */
  readonly last_failure: string;
  /** When it is tried again by itself. */
  readonly next_due_at: string | null;
}

/** Enabled sources that fail, those that have for longest first. Nobody waits for a disabled one. */
export async function readFailingSources(db: Queryable): Promise<readonly FailingSource[]> {
  const { rows } = await db.query<FailingSource>(
    `select s.alias, a.platform, a.name as account, s.failures,
            appsync.iso(s.failing_since) as failing_since, s.last_failure,
            appsync.iso(s.next_due_at) as next_due_at
       from appsync.source s join appsync.account a on a.id = s.account_id
      where s.enabled and s.failures > 0
      order by s.failing_since, s.alias`,
  );
  return rows;
}
