-- Full scans that come by themselves, the proof of what a scan saw, and what became of records it did not see.

alter table appsync.source
  -- How old the last whole full scan may get before the next sync reads everything again; null: by size.
  add column full_every text,
  add column full_every_seconds integer check (full_every_seconds > 0);

-- How many rows the batch staged: as many ids as it logged, or the scan proves nothing.
alter table appsync.batch add column records integer not null default 0;
update appsync.batch b set records = cardinality(s.ids)
  from appsync.seen_ids s
 where s.scan_id = b.scan_id and s.window_no = b.window_no and s.batch_no = b.batch_no;

-- What the last whole full scan of a source did not find, and what became of it. One per source.
create table appsync.sweep (
  source_id bigint primary key references appsync.source on delete cascade,
  scan_id text not null,
  -- Rows that were live before, and those of them that the scan did not find.
  live bigint not null,
  missing bigint not null,
  -- What became of those that are settled.
  deleted bigint not null default 0,
  moved bigint not null default 0,
  still_there bigint not null default 0,
  created_at timestamptz not null default now()
);

-- Records whose place is not known for certain, until it is settled.
create table appsync.unsettled_record (
  source_id bigint not null references appsync.source on delete cascade,
  record_id text not null,
  -- missing: in the table, not found by a whole scan. arrived: said to have moved into this source.
  origin text not null check (origin in ('missing', 'arrived')),
  -- ask: the platform is asked. presume: a sample of the others decides. held: too many at once, a person
  -- decides. unreachable: the platform gave no answer, a person decides.
  state text not null check (state in ('ask', 'presume', 'held', 'unreachable')),
  -- A person agreed that it counts as deleted unless the platform says otherwise.
  is_accepted boolean not null default false,
  since timestamptz not null default now(),
  primary key (source_id, record_id)
);
