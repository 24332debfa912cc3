-- What is synced (accounts, sources and their tags), and what was done (runs).

-- Times leave the database in one form: ISO 8601, UTC, milliseconds.
create function appsync.iso(t timestamptz) returns text
language sql immutable parallel safe
return to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

create table appsync.installation (
  id text primary key,
  created_at timestamptz not null default now(),
  -- Salts fingerprints of tokens, so that they mean nothing elsewhere.
  salt text not null,
  one boolean not null default true unique check (one)
);

create table appsync.catalog_file (
  one boolean primary key default true check (one),
  -- Of the file that was applied last.
  content_hash text not null,
  -- Where a file with that content was applied (`host:path`): what is edited there descends from it.
  origins text[] not null,
  applied_at timestamptz not null default now()
);

create table appsync.account (
  id bigint generated always as identity primary key,
  name text not null unique,
  platform text not null,
  token_ref text not null check (token_ref ~ '^(env|file):'),
  plan text,
  rate_limit numeric check (rate_limit > 0)
);

create table appsync.application (
  id bigint generated always as identity primary key,
  slug text not null unique,
  name text not null
);

create table appsync.vault (
  id text primary key,
  -- Unique in a file, not here: a source that left the file may keep a vault whose name went to another.
  name text not null
);

create table appsync.app_user (
  id text primary key,
  username text not null
);

create table appsync.source (
  id bigint generated always as identity primary key,
  alias text not null unique,
  account_id bigint not null references appsync.account,
  ref jsonb not null,
  external_id text not null,
  application_id bigint references appsync.application,
  component text,
  vault_id text references appsync.vault,
  user_id text references appsync.app_user,
  every_seconds integer check (every_seconds > 0),
  every text,
  cron text,
  enabled boolean not null default true,
  -- Named by the file that was applied last.
  in_file boolean not null default true,
  table_schema text not null,
  table_name text not null,
  -- State of syncing.
  fence bigint not null default 0,
  -- Who holds the fence: our run, and the one execution of the one workflow that may write.
  holder_run_id text,
  holder_execution text,
  watermark timestamptz,
  certified boolean not null default false,
  full_scan_at timestamptz,
  full_scan_records bigint,
  schema_fingerprint text,
  next_due_at timestamptz,
  last_status text,
  last_synced_at timestamptz,
  unique (table_schema, table_name)
);
create index on appsync.source (account_id);
create index on appsync.source (application_id);

-- Which column holds which property. A column is found by the property's id, so a rename keeps it.
create table appsync.source_column (
  source_id bigint not null references appsync.source on delete cascade,
  field_id text not null,
  field_name text not null,
  field_type text not null,
  column_name text not null,
  column_type text not null,
  position integer not null,
  dropped_at timestamptz,
  primary key (source_id, field_id),
  unique (source_id, column_name)
);

create table appsync.run (
  id text primary key,
  workflow_id text not null,
  target text not null,
  filters jsonb not null,
  options jsonb not null,
  status text not null default 'running',
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  metrics jsonb not null default '{}',
  error jsonb
);
create index on appsync.run (started_at desc);

create table appsync.platform_run (
  run_id text not null references appsync.run on delete cascade,
  workflow_id text not null,
  platform text not null,
  status text not null,
  started_at timestamptz not null,
  finished_at timestamptz not null default now(),
  metrics jsonb not null,
  primary key (run_id, workflow_id)
);

create table appsync.source_run (
  run_id text not null references appsync.run on delete cascade,
  source_id bigint not null references appsync.source on delete cascade,
  workflow_id text not null,
  status text not null,
  mode text,
  -- Why the last attempt failed, while it is tried again; null when all is well.
  trouble text,
  certified boolean not null default false,
  evidence jsonb not null default '{}',
  metrics jsonb not null default '{}',
  started_at timestamptz not null,
  finished_at timestamptz not null default now(),
  error jsonb,
  primary key (run_id, source_id)
);
create index on appsync.source_run (source_id, finished_at desc);
