import type { Filters, Target } from '../contract/target.ts';
import type { Queryable } from '../store/database.ts';
import { findSources } from './source-query.ts';

/** A source as `appsync sources list --json` prints it. */
export interface ListedSource {
  readonly alias: string;
  readonly platform: string;
  readonly account: string;
  /** Slug of its application. */
  readonly app: string | null;
  readonly component: string | null;
  /** Name of its vault. */
  readonly vault: string | null;
  /** Name of its user. */
  readonly user: string | null;
  readonly enabled: boolean;
  /** `schema.name` in Postgres. */
  readonly table: string;
  readonly every: string | null;
  readonly cron: string | null;
  readonly next_due_at: string | null;
  readonly last_status: string | null;
  readonly last_synced_at: string | null;
  /** Attempts in a row that saw less than everything; 0: it does not fail. */
  readonly failures: number;
  readonly failing_since: string | null;
  /** Type of the last failure. */
  readonly last_failure: string | null;
}

/** The sources that match, by alias; without filters all of them. */
export async function listSources(
  db: Queryable,
  target: Target = { kind: 'all' },
  filters: Filters = {},
  now: Date = new Date(),
): Promise<readonly ListedSource[]> {
  const sources = await findSources(db, target, filters, now);
  return sources.map((source) => ({
    alias: source.alias,
    platform: source.platform,
    account: source.account,
    app: source.app,
    component: source.component,
    vault: source.vault,
    user: source.user,
    enabled: source.enabled,
    table: `${source.table_schema}.${source.table_name}`,
    every: source.every,
    cron: source.cron,
    next_due_at: source.next_due_at?.toISOString() ?? null,
    last_status: source.last_status,
    last_synced_at: source.last_synced_at?.toISOString() ?? null,
    failures: source.failures,
    failing_since: source.failing_since?.toISOString() ?? null,
    last_failure: source.last_failure,
  }));
}
