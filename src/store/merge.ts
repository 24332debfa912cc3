import type { BatchKey } from '../contract/activities.ts';
import type { Column } from '../contract/schema.ts';
import type { Queryable } from './database.ts';
import { quote, quoteTable } from './identifiers.ts';
import type { SourceRow } from './sources.ts';

export interface MergeCounts {
  /** Different records in the batch. */
  readonly read: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
}

/** Which staged rows are merged, and in whose name. */
export interface MergeKey {
  readonly scan_id: string;
  readonly run_id: string;
  readonly batches: readonly BatchKey[];
}

/** How many rows the attempts have in staging, and how many of these were rejected by the conversion. */
export async function countStaged(
  tx: Queryable,
  scanId: string,
  batches: readonly BatchKey[],
): Promise<{ readonly staged: number; readonly rejected: number }> {
  const { rows } = await tx.query<{ staged: number; rejected: number }>(
    `select count(*) as staged, count(rejected) as rejected
       from appsync.staging where scan_id = $1 and attempt = any($2::text[])`,
    [scanId, batches.map((batch) => batch.attempt)],
  );
  return rows[0] ?? { staged: 0, rejected: 0 };
}

/** The ids of what a merge would write, each once. */
export async function stagedIds(tx: Queryable, key: MergeKey): Promise<readonly string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `select distinct id from appsync.staging
      where scan_id = $1 and attempt = any($2::text[]) and rejected is null order by id`,
    [key.scan_id, key.batches.map((batch) => batch.attempt)],
  );
  return rows.map(({ id }) => id);
}

/**
 * Merges staged rows into the destination in one statement. Rows whose hash stands in the table already
 * are not touched: not even locked, which is why they are left out before the insert instead of by an
 * `on conflict … where` (that locks, and so dirties, every row it meets). Of several rows with one id the
 * newest wins. Values that the list cut are noted for completing; records that were in quarantine leave it.
 * `ids` limits the merge to the rows of these records.
 */
export async function mergeStaged(
  tx: Queryable,
  source: SourceRow,
  columns: readonly Column[],
  key: MergeKey,
  ids: readonly string[] | null = null,
): Promise<MergeCounts> {
  const { rows } = await tx.query<{ inserted: number; updated: number; read: number }>(
    mergeStatement(source, columns),
    [key.scan_id, key.batches.map((batch) => batch.attempt), key.run_id, source.id, ids],
  );
  const { inserted = 0, updated = 0, read = 0 } = rows[0] ?? {};
  return { read, inserted, updated, unchanged: read - inserted - updated };
}

function mergeStatement(source: SourceRow, columns: readonly Column[]): string {
  const table = quoteTable(source);
  const names = columns.map((column) => quote(column.column));
  const cells = columns.map((column, i) => `s.cells[${i + 1}]::${column.column_type}`);
  const system = ['_created_at', '_edited_at', '_hash', '_errors', '_raw'];
  const written = [...names, ...system, '_synced_at', '_run_id', '_deleted_at'];
  return `
    with staged as (
      select distinct on (id) *
        from appsync.staging
       where scan_id = $1 and attempt = any($2::text[]) and rejected is null
         and ($5::text[] is null or id = any($5::text[]))
       order by id, edited_at desc nulls last, array_position($2::text[], attempt) desc, ordinal desc
    ), changed as (
      select s.* from staged s left join ${table} t on t._id = s.id
       where t._id is null or t._hash is distinct from s.hash or t._deleted_at is not null
    ), merged as (
      insert into ${table} (_id, ${written.join(', ')})
      select s.id, ${[...cells, 's.created_at', 's.edited_at', 's.hash', 's.errors', 's.raw'].join(', ')},
             now(), $3, null
        from changed s
      on conflict (_id) do update set ${written.map((name) => `${name} = excluded.${name}`).join(', ')}
      returning (xmax = 0) as inserted
    ), released as (
      delete from appsync.quarantine q using staged s where q.source_id = $4 and q.entry = 'id:' || s.id
    ), whole as (
      delete from appsync.truncated_value v using changed c
       where v.source_id = $4 and v.record_id = c.id and v.field_id <> all(c.truncated)
    ), cut as (
      insert into appsync.truncated_value (source_id, record_id, field_id)
      select $4, c.id, f from changed c, unnest(c.truncated) as f
      on conflict do nothing
    )
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
     select attempt, array_agg(distinct id) as ids from taken where id is not null group by attempt`,
    [scanId, batches.map((batch) => batch.attempt)],
  );
  return new Map(rows.map((row) => [row.attempt, row.ids]));
}
