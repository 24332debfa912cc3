import type { Queryable } from '../store/database.ts';
import type { CurrentCatalog } from './current.ts';
import type { CatalogDifference, PartDifference } from './difference.ts';
import { nextDueAt } from './due.ts';
import type { CatalogFile, CatalogSource } from './file.ts';
import { writePlugins } from './plugins.ts';

/** Writes what differs, one statement for each table and kind of change. */
export async function writeCatalog(
  tx: Queryable,
  current: CurrentCatalog,
  file: CatalogFile,
  difference: CatalogDifference,
): Promise<void> {
  await writePlugins(tx, file.plugins);
  await writeAccounts(tx, file, difference.accounts);
  await writeNames(
    tx,
    APPLICATION,
    file.applications.map((a) => [a.slug, a.name]),
    difference.applications,
  );
  await writeNames(
    tx,
    VAULT,
    file.vaults.map((vault) => [vault.id, vault.name]),
    difference.vaults,
  );
  await writeNames(
    tx,
    USER,
    file.users.map((user) => [user.id, user.username]),
    difference.users,
  );
  await writeSources(tx, current, file, difference);
  await leaveSources(tx, file, difference.sources.disabled);
  await tx.query('delete from appsync.account where name = any($1::text[])', [
    difference.accounts.removed,
  ]);
  for (const [table, part] of [
    [APPLICATION, difference.applications],
    [VAULT, difference.vaults],
    [USER, difference.users],
  ] as const) {
    await tx.query(table.remove, [part.removed]);
  }
}

const touched = (part: PartDifference) =>
  new Set([...part.added, ...part.changed.map(({ key }) => key)]);

async function writeAccounts(
  tx: Queryable,
  file: CatalogFile,
  part: PartDifference,
): Promise<void> {
  const keys = touched(part);
  const accounts = file.accounts.filter(({ name }) => keys.has(name));
  await tx.query(
    `insert into appsync.account (name, platform, token_ref, plan, rate_limit)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::numeric[])
     on conflict (name) do update set token_ref = excluded.token_ref, plan = excluded.plan,
       rate_limit = excluded.rate_limit`,
    [
      accounts.map(({ name }) => name),
      accounts.map(({ platform }) => platform),
      accounts.map(({ token }) => token),
      accounts.map(({ plan }) => plan),
      accounts.map(({ rate_limit }) => rate_limit),
    ],
  );
}

interface NameTable {
  readonly upsert: string;
  readonly remove: string;
}
const APPLICATION: NameTable = {
  upsert: `insert into appsync.application (slug, name) select * from unnest($1::text[], $2::text[])
    on conflict (slug) do update set name = excluded.name`,
  remove: 'delete from appsync.application where slug = any($1::text[])',
};
const VAULT: NameTable = {
  upsert: `insert into appsync.vault (id, name) select * from unnest($1::text[], $2::text[])
    on conflict (id) do update set name = excluded.name`,
  remove: 'delete from appsync.vault where id = any($1::text[])',
};
const USER: NameTable = {
  upsert: `insert into appsync.app_user (id, username) select * from unnest($1::text[], $2::text[])
    on conflict (id) do update set username = excluded.username`,
  remove: 'delete from appsync.app_user where id = any($1::text[])',
};

async function writeNames(
  tx: Queryable,
  table: NameTable,
  rows: readonly (readonly [key: string, name: string])[],
  part: PartDifference,
): Promise<void> {
  const keys = touched(part);
  const wanted = rows.filter(([key]) => keys.has(key));
  await tx.query(table.upsert, [wanted.map(([key]) => key), wanted.map(([, name]) => name)]);
}

/**
 * A source that is read from elsewhere now forgets its watermark and certificate, and its fence is raised:
 * a sync that is under way still reads from the old place and must not record them anew. A new schedule
 * counts from the last sync.
 */
const UPSERT_SOURCES = `
  insert into appsync.source (alias, account_id, ref, external_id, application_id, component, vault_id,
    user_id, every, every_seconds, cron, enabled, table_schema, table_name, next_due_at, full_every,
    full_every_seconds, content)
  select given.alias, account.id, given.ref, given.external_id, application.id, given.component,
    given.vault_id, given.user_id, given.every, given.every_seconds, given.cron, given.enabled,
    given.table_schema, given.table_name, given.next_due_at, given.full_every,
    given.full_every_seconds, given.content
  from unnest($1::text[], $2::text[], $3::jsonb[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::integer[], $11::text[], $12::boolean[], $13::text[], $14::text[],
    $15::timestamptz[], $18::text[], $19::integer[], $20::text[])
    as given (alias, account, ref, external_id, app, component, vault_id, user_id, every,
      every_seconds, cron, enabled, table_schema, table_name, next_due_at, full_every,
      full_every_seconds, content)
  join appsync.account on account.name = given.account
  left join appsync.application on application.slug = given.app
  on conflict (alias) do update set
    account_id = excluded.account_id, ref = excluded.ref, external_id = excluded.external_id,
    application_id = excluded.application_id, component = excluded.component,
    vault_id = excluded.vault_id, user_id = excluded.user_id, every = excluded.every,
    every_seconds = excluded.every_seconds, cron = excluded.cron, enabled = excluded.enabled,
    full_every = excluded.full_every, full_every_seconds = excluded.full_every_seconds,
    content = excluded.content,
    next_due_at = case when source.alias = any($17::text[]) then excluded.next_due_at
      else source.next_due_at end,
    failures = case when source.alias <> all($16::text[]) then source.failures else 0 end,
    failing_since = case when source.alias <> all($16::text[]) then source.failing_since end,
    last_failure = case when source.alias <> all($16::text[]) then source.last_failure end,
    fence = source.fence + (source.alias = any($16::text[]))::integer,
    certified = source.certified and source.alias <> all($16::text[]),
    watermark = case when source.alias <> all($16::text[]) then source.watermark end,
    full_scan_at = case when source.alias <> all($16::text[]) then source.full_scan_at end,
    full_scan_records = case when source.alias <> all($16::text[]) then source.full_scan_records end`;

async function writeSources(
  tx: Queryable,
  current: CurrentCatalog,
  file: CatalogFile,
  { sources: part }: CatalogDifference,
): Promise<void> {
  const keys = touched(part);
  const sources = file.sources.filter(({ alias }) => keys.has(alias));
  const column = <T>(of: (source: CatalogSource) => T) => sources.map(of);
  const syncedAt = new Map(current.sources.map((source) => [source.alias, source.last_synced_at]));
  const isSchedule = ({ field }: { readonly field: string }) =>
    field === 'every' || field === 'cron';
  const rescheduled = part.changed
    .filter(({ fields }) => fields.some(isSchedule))
    .map(({ key }) => key);
  const dueAt = (source: CatalogSource) => {
    const last = syncedAt.get(source.alias) ?? null;
    return last === null || part.restarted.includes(source.alias) ? null : nextDueAt(source, last);
  };
  await tx.query(UPSERT_SOURCES, [
    column(({ alias }) => alias),
    column(({ account }) => account),
    column(({ ref }) => JSON.stringify(ref)),
    column(({ external_id }) => external_id),
    column(({ app }) => app),
    column(({ component }) => component),
    column(({ vault }) => vault),
    column(({ user }) => user),
    column(({ every }) => every),
    column(({ every_seconds }) => every_seconds),
    column(({ cron }) => cron),
    column(({ enabled }) => enabled),
    column(({ table_schema }) => table_schema),
    column(({ table_name }) => table_name),
    column(dueAt),
    part.restarted,
    [...rescheduled, ...part.restarted],
    column(({ full_every }) => full_every),
    column(({ full_every_seconds }) => full_every_seconds),
    column(({ content }) => content),
  ]);
}

/** Marks which sources the file names, and disables those that it no longer names and that are to go. */
async function leaveSources(
  tx: Queryable,
  file: CatalogFile,
  disabled: readonly string[],
): Promise<void> {
  await tx.query(
    `update appsync.source
     set in_file = alias = any($1::text[]), enabled = enabled and alias <> all($2::text[])
     from appsync.account
     where account.id = source.account_id and account.platform <> all($3::text[])
       and (in_file is distinct from (alias = any($1::text[])) or (enabled and alias = any($2::text[])))`,
    [
      file.sources.map(({ alias }) => alias),
      disabled,
      file.unavailable.map(({ platform }) => platform),
    ],
  );
}
