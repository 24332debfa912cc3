-- Where a property's values are: in a column of their own, or under the column's name in `_more`.
alter table appsync.source_column add column place text not null default 'column';

-- The table was given `_more`: should it be gone, values are lost that only a full scan brings back.
alter table appsync.source add column has_more boolean not null default false;

-- What syncing changed in destination tables, and when. Never changed, never removed while the source is there.
create table appsync.schema_change (
  id bigint generated always as identity primary key,
  source_id bigint not null references appsync.source on delete cascade,
  run_id text not null,
  at timestamptz not null default now(),
  kind text not null,
  column_name text,
  field_id text,
  from_value text,
  to_value text
);
create index on appsync.schema_change (run_id, source_id);
create index on appsync.schema_change (source_id, at);

-- Values of a staged row that did not fit into its table's columns; see appsync.spill.
alter table appsync.staging add column more jsonb;

-- A cell in Postgres text form as JSON: what `_more` holds in its column's place. Dates and times stay text.
create function appsync.cell_json(cell text, type text) returns jsonb
language sql immutable parallel safe
return case type
  when 'jsonb' then cell::jsonb
  when 'numeric' then to_jsonb(cell::numeric)
  when 'boolean' then to_jsonb(cell::boolean)
  when 'text[]' then to_jsonb(cell::text[])
  else to_jsonb(cell)
end;

-- Those of a row's cells that have their place in `_more`, by column name; null when all of them are null.
create function appsync.more_of(cells text[], positions integer[], names text[], types text[]) returns jsonb
language sql immutable parallel safe
return (
  select jsonb_object_agg(m.name, appsync.cell_json(c.cell, m.type))
    from unnest(cells) with ordinality as c(cell, i)
    join unnest(positions, names, types) as m(i, name, type) using (i)
   where c.cell is not null
);

-- Keeps the first cells of a row that surely fit into `budget` bytes of a page and gives the others as
-- JSON. A value longer than 24 bytes can be moved out of the page, and then costs 18. `names` holds null
-- for cells that have their place in `_more` anyway: those cost nothing.
create function appsync.spill(
  cells text[], names text[], types text[], budget integer,
  out kept text[], out more jsonb, out spilled text[]
) language sql immutable parallel safe as $$
  with cost as (
    select c.i, c.cell, n.name, n.type,
           sum(case
             when c.cell is null or n.name is null then 0
             when n.type = 'boolean' then 1
             when n.type = 'date' then 8
             when n.type = 'timestamptz' then 16
             else least(octet_length(c.cell) + 4, 26)
           end) over (order by c.i) as used
      from unnest(cells) with ordinality as c(cell, i)
      join unnest(names, types) with ordinality as n(name, type, i) using (i)
  ), judged as (
    select *, used > budget and name is not null and cell is not null as out_of_room from cost
  )
  select array_agg(case when not out_of_room then cell end order by i),
         jsonb_object_agg(name, appsync.cell_json(cell, type)) filter (where out_of_room),
         array_agg(name order by i) filter (where out_of_room)
    from judged
$$;

-- An object with some of its keys called otherwise; null stays null.
create function appsync.rename_keys(object jsonb, renames jsonb) returns jsonb
language sql immutable parallel safe
return (select jsonb_object_agg(coalesce(renames ->> key, key), value) from jsonb_each(object));
