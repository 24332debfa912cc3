-- How long a source has been failing. A whole scan ends it.

alter table appsync.source
  -- Attempts in a row that saw less than everything.
  add column failures integer not null default 0,
  add column failing_since timestamptz,
  -- Type of the last one's failure.
  add column last_failure text;
