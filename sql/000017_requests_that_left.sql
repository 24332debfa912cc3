-- A reservation keeps its distance to requests that have left, also when they left after its own time.

-- As before, but for the order: a request that left later than it was granted stands behind reservations that were
-- behind it, and whoever holds one of these leaves after it all the same. So all count as before him that are listed by
-- now, or within 20 ms of it, since the clocks of two machines are compared no better than that.
create or replace function appsync.not_before(
  budget appsync.rate_budget, held double precision, span double precision, max_grants integer
) returns double precision
language plpgsql volatile as $$
declare
  own integer := array_position(budget.grants, held);
  others double precision[] := budget.grants[:own - 1] || budget.grants[own + 1:];
  leaves double precision := greatest(held, appsync.epoch(clock_timestamp()) + 0.02);
  before integer := width_bucket(leaves, others);
  free_at double precision := least(
    coalesce(others[before - max_grants + 1] + span, held),
    coalesce(others[before - budget.claims[1].max_grants + 1] + budget.claims[1].span, held)
  );
begin
  if own is null or before = 0 then
    return held;
  end if;
  return case when free_at > held + 0.001 then free_at else held end;
end $$;
