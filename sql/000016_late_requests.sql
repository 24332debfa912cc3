-- A request that left late keeps its distance to those after it.

-- When a reservation may go: no nearer than `span` to the grant that is `max_grants` before it in the list. By the
-- caller's own claim and by the one in force: who asked for another rate meanwhile moves nobody. Sums of fractions are
-- off by parts of a microsecond, for which nobody has to move.
create function appsync.not_before(
  budget appsync.rate_budget, held double precision, span double precision, max_grants integer
) returns double precision
language plpgsql immutable as $$
declare
  place integer := width_bucket(held, budget.grants);
  free_at double precision := least(
    coalesce(budget.grants[place - max_grants] + span, held),
    coalesce(budget.grants[place - budget.claims[1].max_grants] + budget.claims[1].span, held)
  );
begin
  return case when free_at > held + 0.001 then free_at else held end;
end $$;

-- A grant is of another time than was thought: its request left later. Whoever holds a time that is too near to that
-- now is told when he looks again. Nothing when the grant is not listed any more.
create function appsync.move_grant(keys text[], granted double precision, went double precision) returns void
language plpgsql as $$
declare
  one text;
begin
  for one in select k from unnest(keys) as k order by k collate "C" loop
    perform from appsync.rate_budget b where b.key = one for update;
    update appsync.rate_budget b
       set grants = appsync.list_grant(b.grants[:place - 1] || b.grants[place + 1:], went, 0)
      from (select array_position(r.grants, granted) as place from appsync.rate_budget r where r.key = one) found
     where b.key = one and place is not null;
  end loop;
end $$;

-- As before, but for two things. A reservation goes later when a request before it left so late that it would come too
-- near. And the answer tells the time, so that the caller knows by it when its request left.
drop function appsync.take_grant(
  text, boolean, text[], double precision[], double precision[], integer[], double precision[],
  double precision, double precision, double precision, text
);

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
  run text default null,
  out state text,
  out go_at double precision,
  out wait double precision,
  out reason text,
  -- This server's clock at the time of the answer.
  out told_at double precision
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
    select appsync.epoch(max(b.blocked_until)), max(appsync.not_before(b, held, r.span, r.max_grants))
      into blocked, go_at
      from unnest(keys, spans, limits) as r (key, span, max_grants) join appsync.rate_budget b using (key);
    go_at := coalesce(go_at, held);
    if coalesce(blocked, 0) < held and now_at < held + max_late then
      if go_at > held then
        -- One after another: of several with the same time only as many move as have to.
        perform from appsync.rate_budget b where b.key = any (keys) order by b.key collate "C" for update;
        select max(appsync.not_before(b, held, r.span, r.max_grants)) into go_at
          from unnest(keys, spans, limits) as r (key, span, max_grants) join appsync.rate_budget b using (key);
        if go_at > held then
          perform appsync.move_grant(keys, held, go_at);
        end if;
      end if;
      state := 'granted';
      wait := greatest(0, go_at - now_at);
      told_at := now_at;
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
  told_at := now_at;
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
