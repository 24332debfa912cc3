-- Who may send a request to which account, and when. All workers ask here before every request.
-- Times are seconds since the epoch by this server's clock: arrays of them are small and compare fast.

-- A rate that somebody asks for: `max_grants` in any `span`, `rate` a second in the long run, `burst` at once.
create type appsync.rate_claim as (
  rate double precision,
  span double precision,
  max_grants integer,
  burst double precision,
  seen double precision,
  -- A person asked for it, for one run; otherwise it is the account's or its plan's.
  asked boolean
);

create table appsync.rate_budget (
  key text primary key,
  account text not null,
  -- When each of the last grants falls due, in order; those in the future are reserved. Empty when a
  -- span holds so many grants that the bucket alone has to do.
  grants double precision[] not null default '{}',
  -- The bucket as a theoretical arrival time: the next grant may be early by at most the burst.
  next_at double precision not null default 0,
  -- Rates asked for in the last two minutes, lowest first: the first is in force.
  claims appsync.rate_claim[] not null default '{}',
  -- The latest time that is reserved.
  waiting_until timestamptz,
  blocked_until timestamptz,
  block_reason text
) with (fillfactor = 50, toast_tuple_target = 8160);

create function appsync.epoch(t timestamptz) returns double precision
language sql immutable parallel safe
return extract(epoch from t)::double precision;

-- The claims that count now, this caller's among them, the one in force first: the lowest that a person
-- asked for, else the lowest of all.
create function appsync.live_claims(claims appsync.rate_claim[], mine appsync.rate_claim)
returns appsync.rate_claim[]
language plpgsql immutable as $$
begin
  if cardinality(claims) = 0
     or (cardinality(claims) = 1 and claims[1].rate = mine.rate and claims[1].asked = mine.asked) then
    return array[mine];
  end if;
  return array(
    select c from unnest(claims || mine) as c
     where c.seen > mine.seen - 120
       and (c.rate <> mine.rate or c.asked <> mine.asked or c.seen = mine.seen)
     order by c.asked desc, c.rate
  );
end $$;

-- Grants are listed unless there are too many of them.
create function appsync.is_listed(claim appsync.rate_claim) returns boolean
language sql immutable parallel safe
return (claim).max_grants <= 2000;

-- The bucket says something that the list does not: a smaller burst, or a lower rate.
create function appsync.has_bucket(claim appsync.rate_claim) returns boolean
language sql immutable parallel safe
return (claim).max_grants > 2000
  or (claim).burst < (claim).max_grants
  or (claim).rate * (claim).span < (claim).max_grants;

-- The first time from `from_at` on when one more grant keeps to the claim.
create function appsync.next_free(
  budget appsync.rate_budget, claim appsync.rate_claim, from_at double precision
) returns double precision
language plpgsql immutable as $$
declare
  free_at double precision := from_at;
  listed integer := cardinality(budget.grants);
  earliest integer := 1;
begin
  if appsync.has_bucket(claim) then
    -- A bucket has no memory of gaps: strictly first come, first served.
    free_at := greatest(free_at, budget.next_at - (claim.burst - 1) / claim.rate, budget.grants[listed]);
  end if;
  if not appsync.is_listed(claim) or listed < claim.max_grants then
    return free_at;
  end if;
  if free_at >= budget.grants[listed] then
    -- Behind all reservations only the last grants can be too near.
    earliest := listed - claim.max_grants + 1;
  end if;
  -- `max_grants` that are listed and this one must not fit into one span. One pass is enough: whatever
  -- a later run of grants moves it to is no nearer to an earlier run.
  for i in earliest .. listed - claim.max_grants + 1 loop
    if greatest(budget.grants[i + claim.max_grants - 1], free_at) - least(budget.grants[i], free_at)
       < claim.span then
      free_at := budget.grants[i] + claim.span;
    end if;
  end loop;
  return free_at;
end $$;

-- The list with one grant more, in order, without those that no span reaches any more.
create function appsync.list_grant(
  grants double precision[], go_at double precision, forget_before double precision
) returns double precision[]
language plpgsql immutable as $$
declare
  first integer := 1;
  last integer := cardinality(grants);
begin
  while first <= last and grants[first] < forget_before loop
    first := first + 1;
  end loop;
  while last >= first and grants[last] > go_at loop
    last := last - 1;
  end loop;
  return grants[first:last] || go_at || grants[last + 1:];
end $$;

-- Grants a request of all the rules together, or none. `state` is
--   granted   go after `wait` seconds; when that is more than 0, ask again then with `held` = `go_at`
--   busy      the next free time is more than `max_wait` away; ask again after `wait` seconds
--   blocked   the platform said to wait longer than `max_wait`; ask again after `wait` seconds
-- Whoever asks first gets the first free time: rows are locked in the order of their keys, and a time
-- given is reserved. With `held`, a reservation is good still unless a block came over it or its
-- holder comes later than `max_late` (a machine that slept); then another time is given.
create function appsync.take_grant(
  who text,
  asked boolean,
  keys text[],
  rates double precision[],
  spans double precision[],
  limits integer[],
  bursts double precision[],
  max_wait double precision,
  held double precision,
  max_late double precision,
  out state text,
  out go_at double precision,
  out wait double precision,
  out reason text
) language plpgsql as $$
declare
  now_at double precision := appsync.epoch(clock_timestamp());
  blocked double precision := 0;
  before double precision;
  rule record;
  claim appsync.rate_claim;
  budget appsync.rate_budget;
  budgets appsync.rate_budget[] := '{}';
  in_force appsync.rate_claim[] := '{}';
begin
  if held is not null then
    select appsync.epoch(max(b.blocked_until)) into blocked
      from appsync.rate_budget b where b.key = any (keys);
    if coalesce(blocked, 0) < held and now_at < held + max_late then
      state := 'granted';
      go_at := held;
      wait := greatest(0, held - now_at);
      return;
    end if;
    blocked := 0;
  end if;

  -- A crash of Postgres may forget the grants of its last moments; waiting for the disk at every
  -- request would cost more than the 429 that can follow.
  perform set_config('synchronous_commit', 'off', true);

  for rule in
    select r.* from unnest(keys, rates, spans, limits, bursts) as r (key, rate, span, max_grants, burst)
     order by r.key collate "C"
  loop
    select b.* into budget from appsync.rate_budget b where b.key = rule.key for update;
    if not found then
      insert into appsync.rate_budget (key, account) values (rule.key, who) on conflict do nothing;
      select b.* into budget from appsync.rate_budget b where b.key = rule.key for update;
    end if;
    claim := row(rule.rate, rule.span, rule.max_grants, rule.burst, now_at, asked);
    budget.claims := appsync.live_claims(budget.claims, claim);
    budgets := budgets || budget;
    in_force := in_force || budget.claims[1];
    if budget.blocked_until is not null and appsync.epoch(budget.blocked_until) > blocked then
      blocked := appsync.epoch(budget.blocked_until);
      reason := budget.block_reason;
    end if;
  end loop;

  now_at := appsync.epoch(clock_timestamp());
  -- A grant at the very end of a block would count as blocked.
  go_at := case when blocked >= now_at then blocked + 0.001 else now_at end;
  loop
    before := go_at;
    for i in 1 .. cardinality(budgets) loop
      go_at := appsync.next_free(budgets[i], in_force[i], go_at);
    end loop;
    exit when go_at = before or cardinality(budgets) = 1;
  end loop;

  wait := go_at - now_at;
  if wait > max_wait then
    state := case when blocked - now_at > max_wait then 'blocked' else 'busy' end;
    -- Reservations reach no further than max_wait, so there is no use in coming back at once.
    wait := greatest(blocked - now_at, wait - max_wait / 2);
    go_at := null;
    for i in 1 .. cardinality(budgets) loop
      update appsync.rate_budget b set claims = budgets[i].claims where b.key = budgets[i].key;
    end loop;
    return;
  end if;

  state := 'granted';
  reason := case when blocked >= now_at then reason end;
  for i in 1 .. cardinality(budgets) loop
    update appsync.rate_budget b
       set account = who,
           grants = case
             when appsync.is_listed(in_force[i])
             then appsync.list_grant(budgets[i].grants, go_at, now_at - in_force[i].span)
             else '{}'
           end,
           next_at = greatest(b.next_at, go_at) + 1 / in_force[i].rate,
           claims = budgets[i].claims,
           waiting_until = greatest(b.waiting_until, to_timestamp(go_at))
     where b.key = budgets[i].key;
  end loop;
end $$;

-- Stops everybody for `seconds`, also those whose reservation falls into that time: it is void, and
-- they are told so when they ask again.
create function appsync.block_grants(keys text[], seconds double precision, why text) returns void
language plpgsql as $$
declare
  now_at double precision;
  until_at double precision;
  one text;
begin
  for one in select k from unnest(keys) as k order by k collate "C" loop
    perform from appsync.rate_budget b where b.key = one for update;
    now_at := appsync.epoch(clock_timestamp());
    until_at := now_at + seconds;
    update appsync.rate_budget b
       set blocked_until = greatest(b.blocked_until, to_timestamp(until_at)),
           block_reason = case when b.blocked_until > to_timestamp(until_at) then b.block_reason else why end,
           grants = array(select g from unnest(b.grants) as g where g <= now_at or g > until_at order by g),
           next_at = case
             when cardinality(b.grants) = 0 or b.grants[cardinality(b.grants)] > until_at then b.next_at
             else least(b.next_at, until_at)
           end,
           waiting_until = case when appsync.epoch(b.waiting_until) > until_at then b.waiting_until end
     where b.key = one;
  end loop;
end $$;
