-- Source and table compared record by record: what was found, and what is to be healed.

create table appsync.reconcile_run (
  id text primary key,
  workflow_id text not null,
  target text not null,
  choice jsonb not null,
  status text not null default 'running',
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  error jsonb
);
create index on appsync.reconcile_run (started_at desc);

-- One source of it. Counts are exact once it is finished; before, they only show how far it is.
create table appsync.reconciliation (
  run_id text not null references appsync.reconcile_run on delete cascade,
  source_id bigint not null references appsync.source on delete cascade,
  workflow_id text not null,
  mode text,
  status text not null default 'running',
  checked bigint not null default 0,
  matching bigint not null default 0,
  missing bigint not null default 0,
  surplus bigint not null default 0,
  changed bigint not null default 0,
  altered bigint not null default 0,
  behind bigint not null default 0,
  requests bigint not null default 0,
  expected_requests bigint,
  -- Why the last attempt failed, while it is tried again.
  trouble text,
  error jsonb,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (run_id, source_id)
);
create index on appsync.reconciliation (source_id);

-- Records that differ, a thousand of each kind at most.
create table appsync.drift (
  run_id text not null,
  source_id bigint not null,
  record_id text not null,
  kind text not null check (kind in ('missing', 'surplus', 'changed', 'altered')),
  -- Columns whose cells differ.
  columns text[] not null default '{}',
  primary key (run_id, source_id, record_id),
  foreign key (run_id, source_id) references appsync.reconciliation on delete cascade
);

-- What is known of each record while sources are compared. Logged: were it lost, every row would look surplus.
-- A pass is one reading of a source from its start.
create table appsync.compared_record (
  run_id text not null,
  source_id bigint not null,
  pass integer not null,
  record_id text not null,
  -- Null until the platform was asked.
  verdict text check (verdict in ('matching', 'behind', 'missing', 'surplus', 'changed', 'altered')),
  -- What the platform is still to be asked: where the record is, or whether it was edited lately.
  ask text check (ask in ('record', 'edits')),
  columns text[] not null default '{}',
  primary key (run_id, source_id, pass, record_id)
);
create index on appsync.compared_record (run_id, source_id, pass) where ask is not null;

-- Batches that are compared: their answers answer a repeated call.
create table appsync.compared_batch (
  run_id text not null,
  source_id bigint not null,
  pass integer not null,
  window_no integer not null,
  batch_no integer not null,
  records integer not null,
  answer jsonb not null,
  primary key (run_id, source_id, pass, window_no, batch_no)
);

-- Rows that the next scan of a source is to write again, whatever their hash. Goes when that scan ends whole.
create table appsync.heal (
  source_id bigint primary key references appsync.source on delete cascade,
  -- The reconciliation that found them.
  run_id text not null,
  -- How many records drifted.
  records bigint not null,
  -- Rows to be written again; of more than are kept by id, all rows are.
  ids text[] not null,
  is_whole_table boolean not null,
  -- The scan that was begun for it.
  scan_id text,
  requested_at timestamptz not null default now()
);

-- Attachments come with links that are made anew for every answer: they are no part of what a cell says.
create function appsync.without_links(v jsonb) returns jsonb
language plpgsql immutable parallel safe as $$
begin
  if jsonb_typeof(v) = 'array' then
    return (
      select coalesce(jsonb_agg(appsync.without_links(item) order by place), '[]')
        from jsonb_array_elements(v) with ordinality as list(item, place)
    );
  end if;
  if jsonb_typeof(v) = 'object' and v ? 'url' and v ->> 'id' like 'att%' then
    return v - 'url' - 'thumbnails';
  end if;
  return v;
end $$;
