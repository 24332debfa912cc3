-- Where a scan stands. One scan per source at most; a new scan removes the old one.

create table appsync.scan (
  id text primary key,
  source_id bigint not null unique references appsync.source on delete cascade,
  mode text not null,
  since timestamptz,
  started_at timestamptz not null,
  ref jsonb not null,
  schema_fingerprint text not null,
  -- By this server's clock: a scan older than a day is not resumed.
  created_at timestamptz not null default now(),
  evidence jsonb not null default '{}'
);

create table appsync.scan_window (
  scan_id text not null references appsync.scan on delete cascade,
  window_no integer not null,
  state jsonb not null,
  primary key (scan_id, window_no)
);

-- Batches that are merged: their counts answer a repeated merge, their ids prove what a full scan saw.
create table appsync.batch (
  scan_id text not null,
  source_id bigint not null references appsync.source on delete cascade,
  window_no integer not null,
  batch_no integer not null,
  run_id text not null,
  merged_at timestamptz not null default now(),
  metrics jsonb not null,
  primary key (scan_id, window_no, batch_no)
);
create index on appsync.batch (run_id);

create table appsync.seen_ids (
  scan_id text not null references appsync.scan on delete cascade,
  window_no integer not null,
  batch_no integer not null,
  ids text[] not null,
  primary key (scan_id, window_no, batch_no)
);

-- Rows on their way from fetchBatch to upsertBatch. Unlogged: a crash of Postgres empties it, and the
-- batches concerned are fetched again.
create unlogged table appsync.staging (
  scan_id text not null,
  attempt text not null,
  ordinal integer not null,
  id text not null,
  created_at timestamptz,
  edited_at timestamptz,
  hash text not null,
  errors jsonb,
  truncated text[] not null,
  cells text[] not null,
  raw json not null
);
create index on appsync.staging (scan_id, attempt);

-- Values that a list cut short, waiting to be read whole.
create table appsync.truncated_value (
  source_id bigint not null references appsync.source on delete cascade,
  record_id text not null,
  field_id text not null,
  primary key (source_id, record_id, field_id)
);
