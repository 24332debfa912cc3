import type { Queryable } from './database.ts';
import { quoteTable } from './identifiers.ts';
import type { SourceRow } from './sources.ts';

/** A record whose content is to be read. */
export interface UnreadContent {
  readonly record_id: string;
  readonly ticket: number;
  /** False when its row is gone or marked as deleted: there is nothing to read. */
  readonly live: boolean;
}

/**
 * Edit times have whole minutes: an edit later in the minute that a reading fell into shows nowhere. A
 * content that was read less than this after its record's edit is read once more by the next scan that
 * meets the record: one minute for the floor, one for an index that lags. It has to stay below the overlap
 * of a platform that offers content (5 minutes), so that the next incremental scan does meet it.
 */
const SETTLED = `interval '2 minutes'`;

/** When content has to be read: `t` is the row as it stands, `edited` the record's time of edit. */
const isStale = (edited: string) =>
  `(t._content_at is null or t._content_at < ${edited} + ${SETTLED})`;

/**
 * The part of a merge that queues content: records that are new, back, or edited since their content was
 * read. One whose values alone differ (a new property, another rollup) keeps its content: the body of a
 * page does not change without the page's time of edit, save as `queueOldest` says.
 */
export const queueContentOfStaged = (table: string) => `
    queued as (
      insert into appsync.unread_content (source_id, record_id)
      select $4, s.id from staged s left join ${table} t on t._id = s.id
       where t._id is null or t._deleted_at is not null
          or t._edited_at is distinct from s.edited_at or ${isStale('s.edited_at')}
      on conflict (source_id, record_id) do update set ticket = default
    )`;

/**
 * Makes a source's table ready for content, or ends that: adds the columns and queues what is stale (at
 * first all live rows), once. Content that is no longer wanted stays in its column, and nothing is read.
 * Inside the caller's transaction; a second call finds nothing to do.
 */
export async function prepareContent(tx: Queryable, source: SourceRow): Promise<void> {
  if (source.content === null) {
    if (source.content_kept === null) return;
    await tx.query('delete from appsync.unread_content where source_id = $1', [source.id]);
  } else {
    const added = await addContentColumns(tx, source);
    if (!added && source.content_kept === source.content) return;
    await tx.query(
      `insert into appsync.unread_content (source_id, record_id)
       select $1, t._id from ${quoteTable(source)} t
        where t._deleted_at is null and ${isStale('t._edited_at')}
       on conflict (source_id, record_id) do nothing`,
      [source.id],
    );
  }
  // What was acted upon: the catalog may want something else by now, and the next opening sees to it.
  await tx.query('update appsync.source set content_kept = $2 where id = $1', [
    source.id,
    source.content,
  ]);
}

/** Returns whether the table lacked a column: a new table, or one that somebody dropped columns of. */
async function addContentColumns(tx: Queryable, source: SourceRow): Promise<boolean> {
  const table = quoteTable(source);
  const { rows } = await tx.query<{ present: number }>(
    `select count(*) as present from pg_attribute
      where attrelid = to_regclass($1) and attname in ('_content', '_content_at') and not attisdropped`,
    [table],
  );
  if (rows[0]?.present === 2) return false;
  await tx.query(
    `alter table ${table} add column if not exists _content text,
                          add column if not exists _content_at timestamptz`,
  );
  // A time without its content would look like an empty one.
  await tx.query(`update ${table} set _content_at = null where _content is null`);
  return true;
}

/** Of the bodies read longest ago this many are read again with every full scan, a tenth of all at least. */
const OLDEST_AT_LEAST = 100;
const OLDEST_SHARE = 0.1;
const OLDEST_AFTER = `interval '7 days'`;

/**
 * Called once as a full scan begins: queues the contents that were read longest ago. Edits of a body over
 * the API are said not to move the page's time of edit, so nothing but another reading finds them. Bounded
 * to a tenth (but 100) of the rows, read a week ago or earlier: ten full scans renew a whole table, and a
 * full scan costs no more than a tenth of it. `now` is the platform's clock, as all times of reading are.
 */
export async function queueOldest(tx: Queryable, source: SourceRow, now: string): Promise<void> {
  const table = quoteTable(source);
  await tx.query(
    `insert into appsync.unread_content (source_id, record_id)
     select $1, t._id from ${table} t
      where t._deleted_at is null and t._content_at < $2::timestamptz - ${OLDEST_AFTER}
      order by t._content_at
      limit greatest(${OLDEST_AT_LEAST},
                     (select ceil(count(*) * ${OLDEST_SHARE}) from ${table} where _deleted_at is null))
     on conflict (source_id, record_id) do nothing`,
    [source.id, now],
  );
}

/** How many contents a source still lacks; none when it does not want them any more. */
export async function countUnread(db: Queryable, sourceId: number): Promise<number> {
  const { rows } = await db.query<{ unread: number }>(
    `select count(*) as unread from appsync.unread_content u
       join appsync.source s on s.id = u.source_id where s.id = $1 and s.content is not null`,
    [sourceId],
  );
  return rows[0]?.unread ?? 0;
}

/** The next contents to read, at most `limit`, those that wait longest first. */
export async function readUnread(
  db: Queryable,
  source: SourceRow,
  limit: number,
): Promise<readonly UnreadContent[]> {
  const { rows } = await db.query<UnreadContent>(
    `select u.record_id, u.ticket, t._id is not null and t._deleted_at is null as live
       from appsync.unread_content u left join ${quoteTable(source)} t on t._id = u.record_id
      where u.source_id = $1 order by u.ticket limit $2`,
    [source.id, limit],
  );
  return rows;
}

/** A live record, none of `others`, whose content was read without complaint: the latest; null when there is none. */
export async function findReadContent(
  db: Queryable,
  source: SourceRow,
  others: readonly string[],
): Promise<string | null> {
  const { rows } = await db.query<{ _id: string }>(
    `select _id from ${quoteTable(source)}
      where _content_at is not null and _deleted_at is null and _id <> all($1::text[])
        and not coalesce(_errors ? '_content', false)
      order by _content_at desc limit 1`,
    [others],
  );
  return rows[0]?._id ?? null;
}

/** What came of reading one content. */
export type ContentReading = Pick<UnreadContent, 'record_id' | 'ticket'> &
  (
    | {
        readonly kind: 'read';
        readonly text: string;
        readonly note: string | null;
        readonly read_at: string;
      }
    /** The text of an earlier reading stays. */
    | { readonly kind: 'refused'; readonly note: string }
  );

/**
 * Writes what was read and takes the record out of the queue, when it still has the ticket of that reading;
 * else nothing. Of `_errors` only the entry of the content is set, or taken away when the content is whole.
 */
export async function settleContent(
  tx: Queryable,
  source: SourceRow,
  reading: ContentReading & { readonly run_id: string },
): Promise<void> {
  const isRead = reading.kind === 'read';
  await tx.query(
    `with taken as (
       delete from appsync.unread_content
        where source_id = $1 and record_id = $2 and ticket = $3 returning record_id
     ), after as (
       select t._id, case when $4 then $5 else t._content end as content,
              case when $4 then $6::timestamptz else t._content_at end as content_at,
              nullif(case when $7::text is null then t._errors - '_content'
                          else coalesce(t._errors, '{}') || jsonb_build_object('_content', $7::text) end,
                     '{}') as errors
         from ${quoteTable(source)} t join taken on t._id = taken.record_id
     ), changes as (
       select a.*, (t._content, t._errors) is distinct from (a.content, a.errors) as changed
         from after a join ${quoteTable(source)} t using (_id)
     )
     update ${quoteTable(source)} t
        set _content = c.content, _content_at = c.content_at, _errors = c.errors,
            _synced_at = case when c.changed then now() else t._synced_at end,
            _run_id = case when c.changed then $8 else t._run_id end
       from changes c where t._id = c._id`,
    [
      source.id,
      reading.record_id,
      reading.ticket,
      isRead,
      isRead ? reading.text : null,
      isRead ? reading.read_at : null,
      reading.note,
      reading.run_id,
    ],
  );
}

/** Sends a record to the end of the queue: it could not be read for now, and the others come first. */
export async function postponeUnread(
  tx: Queryable,
  source: SourceRow,
  { record_id, ticket }: UnreadContent,
): Promise<void> {
  await tx.query(
    `update appsync.unread_content set ticket = default
      where source_id = $1 and record_id = $2 and ticket = $3`,
    [source.id, record_id, ticket],
  );
}

/** Takes a record out of the queue that has no live row any more. */
export async function forgetUnread(
  tx: Queryable,
  source: SourceRow,
  { record_id, ticket }: UnreadContent,
): Promise<void> {
  await tx.query(
    'delete from appsync.unread_content where source_id = $1 and record_id = $2 and ticket = $3',
    [source.id, record_id, ticket],
  );
}
