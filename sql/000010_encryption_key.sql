-- Which key payloads in Temporal are encrypted with, so that a process without it is told at its start.
-- Eight hex digits of a digest: no secret. Null: they are not encrypted.
alter table appsync.installation add column encryption_key_id text;
