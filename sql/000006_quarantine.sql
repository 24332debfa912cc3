-- Records that could not be converted or written, kept with the reason until they can be.

create table appsync.quarantine (
  source_id bigint not null references appsync.source on delete cascade,
  -- Null when the platform gave no usable id: such a record is known by its content.
  record_id text,
  hash text not null,
  entry text not null generated always as (coalesce('id:' || record_id, 'hash:' || hash)) stored,
  -- JSON as text: the type json refuses what is nested too deeply, and U+0000 stays an escape.
  raw text not null,
  stage text not null check (stage in ('convert', 'write')),
  -- Never quotes a value.
  reason text not null,
  sqlstate text,
  -- Version of the program that could not deal with it.
  software text not null,
  run_id text not null,
  first_seen_at timestamptz not null default now(),
  -- When a scan met it last.
  last_seen_at timestamptz not null default now(),
  attempts integer not null default 1,
  -- A person said that it may stay unwritten; holds while its content is the same.
  dropped_at timestamptz,
  primary key (source_id, entry)
);

-- Rejected records travel with their batch, so that they enter the quarantine in the merge's transaction.
alter table appsync.staging
  alter column id drop not null,
  alter column raw drop not null,
  -- Why it was rejected, and what it is: perhaps nothing that the type json takes.
  add column rejected text,
  add column rejected_raw text;

-- Types of properties that the program does not know, as far as people were told of them.
create table appsync.unknown_type (
  source_id bigint not null references appsync.source on delete cascade,
  field_type text not null,
  noted_at timestamptz not null default now(),
  primary key (source_id, field_type)
);

alter table appsync.source_run add column notices jsonb not null default '[]';
