-- The content of records (bodies of Notion pages): one request for each, so it is read apart from the scan.

alter table appsync.source
  -- The format that the catalog asks for; null: content is not wanted.
  add column content text,
  -- The format that the table is made ready for. openSource sets it with the queue filled, in one transaction.
  add column content_kept text;

-- Records whose content is to be read. A record that is queued again gets a new ticket, so that a reading
-- that began before does not count as the one that is wanted now. Tickets are the order of reading.
create table appsync.unread_content (
  source_id bigint not null references appsync.source on delete cascade,
  record_id text not null,
  ticket bigint not null generated always as identity,
  primary key (source_id, record_id)
);
create index on appsync.unread_content (source_id, ticket);
