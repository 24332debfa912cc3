-- What each worker says of itself every few seconds; live while younger than 30 s.

create table appsync.worker_report (
  -- Of one process, made anew at its start.
  id text primary key,
  host text not null,
  pid integer not null,
  software text not null,
  started_at timestamptz not null,
  reported_at timestamptz not null default now(),
  -- Counts of connection pools: no secret, no name but those of accounts.
  pools jsonb not null
);

-- What was done by hour, without reading the batches of all time.
create index on appsync.batch (merged_at);
