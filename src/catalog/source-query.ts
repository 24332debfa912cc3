import type { Filters, Target } from '../contract/target.ts';
import type { Queryable } from '../store/database.ts';

/** A source with everything that planning, listing and syncing need to know of it. */
export interface SourceRow {
  readonly id: number;
  readonly alias: string;
  readonly platform: string;
  readonly account: string;
  readonly plan: string | null;
  /** Requests per second that its account was given; null: the plan's. */
  readonly rate_limit: number | null;
  readonly ref: Readonly<Record<string, string>>;
  /** Data source id, or `app…/tbl…`. */
  readonly external_id: string;
  /** Slug of its application. */
  readonly app: string | null;
  readonly app_name: string | null;
  readonly component: string | null;
  /** Name of its vault. */
  readonly vault: string | null;
  /** Name of its user. */
  readonly user: string | null;
  readonly enabled: boolean;
  readonly table_schema: string;
  readonly table_name: string;
  readonly every: string | null;
  readonly every_seconds: number | null;
  readonly cron: string | null;
  readonly next_due_at: Date | null;
  readonly last_status: string | null;
  readonly last_synced_at: Date | null;
  /** Attempts in a row that saw less than everything. */
  readonly failures: number;
  readonly failing_since: Date | null;
  readonly last_failure: string | null;
}

export interface Query {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Where conditions and their values grow side by side, so that a placeholder always has its value. */
class Conditions {
  readonly texts: string[] = [];
  readonly values: unknown[] = [];

  /** `text` gets the placeholder of `value`. */
  add(value: unknown, text: (placeholder: string) => string): void {
    this.values.push(value);
    this.texts.push(text(`$${this.values.length}`));
  }
}

const SELECT = `
select source.id, source.alias, account.platform, account.name as account, account.plan,
  account.rate_limit::float8 as rate_limit, source.ref,
  source.external_id, application.slug as app, application.name as app_name, source.component,
  vault.name as vault, app_user.username as "user", source.enabled, source.table_schema,
  source.table_name, source.every, source.every_seconds, source.cron, source.next_due_at,
  source.last_status, source.last_synced_at, source.failures, source.failing_since, source.last_failure
from appsync.source
join appsync.account on account.id = source.account_id
left join appsync.application on application.id = source.application_id
left join appsync.vault on vault.id = source.vault_id
left join appsync.app_user on app_user.id = source.user_id`;

// An application's id is a number that Postgres gave it, so it may equal another one's slug or name;
// the word then means that one.
const MATCHES = {
  platform: (words) => `account.platform = any(${words}::text[])`,
  app: (
    words,
  ) => `(application.slug = any(${words}::text[]) or application.name = any(${words}::text[])
    or (application.id::text = any(${words}::text[]) and not exists (
      select from appsync.application other where application.id::text in (other.slug, other.name))))`,
  source: (words) =>
    `(source.alias = any(${words}::text[]) or source.external_id = any(${words}::text[]))`,
  component: (words) => `source.component = any(${words}::text[])`,
  vault: (words) => `(vault.id = any(${words}::text[]) or vault.name = any(${words}::text[]))`,
  user: (words) =>
    `(app_user.id = any(${words}::text[]) or app_user.username = any(${words}::text[]))`,
} as const satisfies Record<string, (words: string) => string>;

const FILTERS = Object.keys(MATCHES) as readonly (keyof typeof MATCHES)[];

/**
 * Its time has come and no run is at it. A run of more than a day that does not pause no longer counts: were its
 * workflow gone, its sources would never be due again. One that goes on after all makes the next one skip them.
 */
const DUE = `(source.next_due_at is null or source.next_due_at <= $now) and not exists (
    select from appsync.run holder
     where holder.id = source.holder_run_id and holder.finished_at is null
       and (holder.started_at > $now - interval '1 day'
            or holder.control ? 'paused_since' or holder.control -> 'paused_sources' ? source.alias))`;

/** Whether an enabled source is due, as SQL over `source`; `now` is a placeholder of that statement. */
export const dueCondition = (now: string): string =>
  `(${DUE.replaceAll('$now', `${now}::timestamptz`)})`;

/**
 * One statement for any target and filters: filters combine with AND, the values of one with OR, and an
 * empty list is no filter. Values are matched exactly; `resolveFilters` turns what people type into them.
 */
export function sourceQuery(target: Target, filters: Filters, now: Date): Query {
  const where = new Conditions();
  addTarget(where, target);
  for (const filter of FILTERS) {
    const words = filters[filter];
    if (words !== undefined && words.length > 0) where.add(words, MATCHES[filter]);
  }
  if (filters.only_enabled === true || filters.only_due === true)
    where.texts.push('source.enabled');
  if (filters.only_due === true) {
    where.add(now, dueCondition);
  }
  const conditions = where.texts.length === 0 ? '' : `\nwhere ${where.texts.join('\n  and ')}`;
  return {
    text: `${SELECT}${conditions}\norder by source.alias collate "C"`,
    values: where.values,
  };
}

function addTarget(where: Conditions, target: Target): void {
  if (target.kind === 'all') return;
  const column = {
    platform: 'account.platform',
    application: 'application.slug',
    source: 'source.alias',
  };
  where.add(target.name, (name) => `${column[target.kind]} = ${name}::text`);
}

/** The sources that a target and filters mean, by alias. */
export async function findSources(
  db: Queryable,
  target: Target,
  filters: Filters,
  now: Date,
): Promise<readonly SourceRow[]> {
  const { text, values } = sourceQuery(target, filters, now);
  const { rows } = await db.query<SourceRow>(text, values);
  return rows;
}
