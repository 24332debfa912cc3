import type { BatchKey } from '../contract/activities.ts';
import type { Column } from '../contract/schema.ts';
import type { Queryable } from './database.ts';
import { quote, quoteTable } from './identifiers.ts';
import type { SourceRow } from './sources.ts';
import { queueContentOfStaged } from './unread-content.ts';

export interface MergeCounts {
  /** Different records in the batch. */
  readonly read: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
}

/** How many rows each attempt has in staging. */
export async function countStaged(
  tx: Queryable,
  scanId: string,
  batches: readonly BatchKey[],
): Promise<number> {
  const { rows } = await tx.query<{ staged: number }>(
    'select count(*) as staged from appsync.staging where scan_id = $1 and attempt = any($2::text[])',
    [scanId, batches.map((batch) => batch.attempt)],
  );
  return rows[0]?.staged ?? 0;
}

/**
 * Merges staged rows into the destination in one statement. Rows whose hash stands in the table already
 * are not touched: not even locked, which is why they are left out before the insert instead of by an
 * `on conflict … where` (that locks, and so dirties, every row it meets). Of several rows with one id the
 * newest wins. Values that the list cut are noted for completing; rows seen are noted for the sweep. What
 * `_errors` says of a row's content stays: a merge does not touch the content, and its next reading has the say.
 */
export async function mergeStaged(
  tx: Queryable,
  source: SourceRow,
  columns: readonly Column[],
  key: { readonly scan_id: string; readonly run_id: string; readonly batches: readonly BatchKey[] },
): Promise<MergeCounts> {
  const { rows } = await tx.query<{ inserted: number; updated: number; read: number }>(
    mergeStatement(source, columns),
    [key.scan_id, key.batches.map((batch) => batch.attempt), key.run_id, source.id],
  );
  const { inserted = 0, updated = 0, read = 0 } = rows[0] ?? {};
  return { read, inserted, updated, unchanged: read - inserted - updated };
}

/** A record's own errors, and what is known of its content. */
const ERRORS = `case when t._errors ? '_content'
          then coalesce(excluded._errors, '{}') || jsonb_build_object('_content', t._errors -> '_content')
          else excluded._errors end`;

function mergeStatement(source: SourceRow, columns: readonly Column[]): string {
  const table = quoteTable(source);
  const names = columns.map((column) => quote(column.column));
  const cells = columns.map((column, i) => `s.cells[${i + 1}]::${column.column_type}`);
  const system = ['_created_at', '_edited_at', '_hash', '_errors', '_raw'];
  const written = [...names, ...system, '_synced_at', '_run_id', '_deleted_at'];
  const updates = written.map(
    (name) => `${name} = ${name === '_errors' ? ERRORS : `excluded.${name}`}`,
  );
  return `
    with staged as (
      select distinct on (id) *
        from appsync.staging
       where scan_id = $1 and attempt = any($2::text[])
       order by id, edited_at desc nulls last, array_position($2::text[], attempt) desc, ordinal desc
    ), changed as (
      select s.* from staged s left join ${table} t on t._id = s.id
       where t._id is null or t._hash is distinct from s.hash or t._deleted_at is not null
    ), merged as (
      insert into ${table} as t (_id, ${written.join(', ')})
      select s.id, ${[...cells, 's.created_at', 's.edited_at', 's.hash', 's.errors', 's.raw'].join(', ')},
             now(), $3, null
        from changed s
      on conflict (_id) do update set ${updates.join(', ')}
      returning (xmax = 0) as inserted
    ), whole as (
      delete from appsync.truncated_value v using changed c
       where v.source_id = $4 and v.record_id = c.id and v.field_id <> all(c.truncated)
    ), cut as (
      insert into appsync.truncated_value (source_id, record_id, field_id)
      select $4, c.id, f from changed c, unnest(c.truncated) as f
      on conflict do nothing
    )${source.content_kept === null ? '' : `,${queueContentOfStaged(table)}`}
    select count(*) filter (where inserted) as inserted,
           count(*) filter (where not inserted) as updated,
           (select count(*) from staged) as read
      from merged`;
}

/** The ids of the batches' records, for the evidence of a full scan. Staged rows are removed. */
export async function takeStagedIds(
  tx: Queryable,
  scanId: string,
  batches: readonly BatchKey[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await tx.query<{ attempt: string; ids: string[] }>(
    `with taken as (
       delete from appsync.staging where scan_id = $1 and attempt = any($2::text[]) returning attempt, id
     )
     select attempt, array_agg(distinct id) as ids from taken group by attempt`,
    [scanId, batches.map((batch) => batch.attempt)],
  );
  return new Map(rows.map((row) => [row.attempt, row.ids]));
}
