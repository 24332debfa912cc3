-- Grants outlive a crash of Postgres, and a budget that is used all the time is used evenly.

-- As before, but for three things. A grant is on the disk before anybody is told of it: a crash used to
-- forget those of its last moments, up to a whole burst. A burst is not given again to those who wait for
-- a span to pass: they go one by one at the rate, instead of all at once and then none for a while. And
-- whoever comes too late for `held`, which nobody has used then, gives it back.
create or replace function appsync.take_grant(
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
  run text default null,
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
  place integer;
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

  for rule in
    select r.* from unnest(keys, rates, spans, limits, bursts) as r (key, rate, span, max_grants, burst)
     order by r.key collate "C"
  loop
    select b.* into budget from appsync.rate_budget b where b.key = rule.key for update;
    if not found then
      insert into appsync.rate_budget (key, account) values (rule.key, who) on conflict do nothing;
      select b.* into budget from appsync.rate_budget b where b.key = rule.key for update;
    end if;
    claim := row(rule.rate, rule.span, rule.max_grants, rule.burst, now_at, asked, case when asked then run end);
    budget.claims := appsync.live_claims(budget.claims, claim);
    place := array_position(budget.grants, held);
    if place is not null then
      budget.grants := budget.grants[:place - 1] || budget.grants[place + 1:];
      budget.next_at := budget.next_at - 1 / budget.claims[1].rate;
    end if;
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
      update appsync.rate_budget b
         set claims = budgets[i].claims, grants = budgets[i].grants, next_at = budgets[i].next_at
       where b.key = budgets[i].key;
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
           -- Whoever had to wait found the budget used up: the burst comes back with idle time only.
           next_at = greatest(
             budgets[i].next_at,
             go_at + case when wait > 0 then (in_force[i].burst - 1) / in_force[i].rate else 0 end
           ) + 1 / in_force[i].rate,
           claims = budgets[i].claims,
           waiting_until = greatest(b.waiting_until, to_timestamp(go_at))
     where b.key = budgets[i].key;
  end loop;
end $$;
