-- Runs that a schedule started.

alter table appsync.run
  -- Name of the schedule; null: a person started it.
  add column schedule text;
