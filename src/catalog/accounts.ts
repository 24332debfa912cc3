import { configurationError } from '../errors.ts';
import type { Queryable } from '../store/database.ts';

/** An account as the catalog knows it: where its token is, never the token. */
export interface Account {
  readonly name: string;
  readonly platform: string;
  /** `env:NAME` or `file:PATH`. */
  readonly token_ref: string;
  readonly plan: string | null;
  /** Requests per second; null: the plan's. */
  readonly rate_limit: number | null;
}

const ACCOUNTS = `
  select name, platform, token_ref, plan, rate_limit::float8 as rate_limit
  from appsync.account`;

/** Throws a configuration error when the catalog has no such account. */
export async function findAccount(db: Queryable, name: string): Promise<Account> {
  const { rows } = await db.query<Account>(`${ACCOUNTS} where name = $1`, [name]);
  if (rows[0] !== undefined) return rows[0];
  throw configurationError(
    `the catalog has no account "${name}"`,
    'add it to the catalog file, then run: appsync sources apply',
  );
}

/** Every account, by name. */
export async function listAccounts(db: Queryable): Promise<readonly Account[]> {
  const { rows } = await db.query<Account>(`${ACCOUNTS} order by name collate "C"`);
  return rows;
}
