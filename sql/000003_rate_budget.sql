-- One budget per account (and base): who may send a request, and when. Written by appsync.take_grant only.
create table appsync.rate_budget (
  key text primary key,
  account text not null,
  -- When each of the last grants falls due, oldest first (seconds since the epoch): the window is exact.
  grants double precision[] not null default '{}',
  -- Token bucket as a theoretical arrival time: a grant is early by at most the burst.
  next_at double precision not null default 0,
  blocked_until timestamptz,
  block_reason text,
  -- Requests that ask for a lower rate than the account's, by run, while they ask.
  waiting_until timestamptz
);
