-- Platforms that plug-ins bring: where every worker loads them from.

create table appsync.plugin (
  platform text primary key,
  -- The name of a package, or the path of a file, as the catalog file has it.
  module text not null,
  -- The catalog file's folder, which both are looked for from.
  folder text not null
);

-- `none`: an account of a platform that does without a token.
alter table appsync.account
  drop constraint account_token_ref_check,
  add constraint account_token_ref_check check (token_ref ~ '^(env|file):' or token_ref = 'none');

-- What the last whole scan was of, and what the scan under way is of, on platforms that tell versions of a source.
alter table appsync.source add column version text;
alter table appsync.scan add column version text;
