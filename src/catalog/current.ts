import type { Queryable } from '../store/database.ts';
import type {
  CatalogAccount,
  CatalogApplication,
  CatalogSource,
  CatalogUser,
  CatalogVault,
} from './file.ts';

export interface CurrentSource extends CatalogSource {
  /** Named by the file that was applied last. */
  readonly in_file: boolean;
  readonly last_synced_at: Date | null;
}

export interface AppliedFile {
  readonly content_hash: string;
  /** Where that content was applied: `host:path`, the latest first. */
  readonly origins: readonly string[];
  readonly applied_at: Date;
}

/** The catalog as Postgres has it. */
export interface CurrentCatalog {
  readonly file: AppliedFile | null;
  readonly accounts: readonly CatalogAccount[];
  readonly applications: readonly CatalogApplication[];
  readonly vaults: readonly CatalogVault[];
  readonly users: readonly CatalogUser[];
  readonly sources: readonly CurrentSource[];
}

export async function loadCatalog(db: Queryable): Promise<CurrentCatalog> {
  const file = await loadAppliedFile(db);
  const accounts = await db.query<CatalogAccount>(
    `select name, platform, token_ref as token, plan, rate_limit::float8 as rate_limit
     from appsync.account order by name collate "C"`,
  );
  const applications = await db.query<CatalogApplication>(
    'select slug, name from appsync.application order by slug collate "C"',
  );
  const vaults = await db.query<CatalogVault>(
    'select id, name from appsync.vault order by id collate "C"',
  );
  const users = await db.query<CatalogUser>(
    'select id, username from appsync.app_user order by id collate "C"',
  );
  const sources = await db.query<CurrentSource>(
    `select source.alias, account.name as account, account.platform, source.ref, source.external_id,
       application.slug as app, source.component, source.vault_id as vault, source.user_id as "user",
       source.every, source.every_seconds, source.cron, source.full_every,
       source.full_every_seconds, source.enabled, source.table_schema,
       source.table_name, source.content, source.in_file, source.last_synced_at
     from appsync.source
     join appsync.account on account.id = source.account_id
     left join appsync.application on application.id = source.application_id
     order by source.alias collate "C"`,
  );
  return {
    file,
    accounts: accounts.rows,
    applications: applications.rows,
    vaults: vaults.rows,
    users: users.rows,
    sources: sources.rows,
  };
}

/** Which file was applied last; null before the first. */
export async function loadAppliedFile(db: Queryable): Promise<AppliedFile | null> {
  const { rows } = await db.query<AppliedFile>(
    'select content_hash, origins, applied_at from appsync.catalog_file',
  );
  return rows[0] ?? null;
}
