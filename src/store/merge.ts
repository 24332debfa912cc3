import type { BatchKey } from '../contract/activities.ts';
import type { Column } from '../contract/schema.ts';
import { SyncFailure } from '../errors.ts';
import type { Queryable } from './database.ts';
import { quote, quoteTable } from './identifiers.ts';
import { hasMore, moreLists } from './destination/more-column.ts';
import type { SourceRow } from './sources.ts';
import { queueContentOfStaged } from './unread-content.ts';

export interface MergeCounts {
  /** Different records in the batch. */
  readonly read: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Ids that are new here though their records are older than what was asked for: they may have moved in. */
  readonly arrivals: readonly string[];
}

/** Which staged rows are merged, and in whose name. */
export interface MergeKey {
  readonly scan_id: string;
  readonly run_id: string;
  readonly batches: readonly BatchKey[];
  /** Incremental scans: records edited at or after this time. */
  readonly since?: string | null;
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
 * newest wins. Values that the list cut are noted for completing; records that were in quarantine leave it. What
 * `_errors` says of a row's content stays: a merge does not touch the content, and its next reading has the say.
 * Throws StagingLost when a record was staged without its text, as one that the table has, and the table no longer
 * has it so.
 * `ids` limits the merge to the rows of these records.
 */
export async function mergeStaged(
  tx: Queryable,
  source: SourceRow,
  columns: readonly Column[],
  key: MergeKey,
  ids: readonly string[] | null = null,
): Promise<MergeCounts> {
  const withMore = await hasMore(tx, source);
  const { positions, names, types } = moreLists(columns);
  const { rows } = await tx.query<Omit<MergeCounts, 'unchanged'> & { readonly lacking: number }>(
    mergeStatement(source, columns, withMore),
    [
      key.scan_id,
      key.batches.map((batch) => batch.attempt),
      key.run_id,
      source.id,
      key.since ?? null,
      ids,
      ...(withMore ? [positions, names, types] : []),
    ],
  );
  const { inserted = 0, updated = 0, read = 0, arrivals = [], lacking = 0 } = rows[0] ?? {};
  if (lacking > 0) {
    throw new SyncFailure(
      'StagingLost',
      `${lacking} records of ${source.alias} were unchanged when they were read, and are no longer`,
    );
  }
  return { read, inserted, updated, unchanged: read - inserted - updated, arrivals };
}

/** Rows that had no room for all their values (see wide-rows.ts) come with them in `more`. */
const MORE = `nullif(coalesce(s.more, '{}') ||
  coalesce(appsync.more_of(s.cells, $7::integer[], $8::text[], $9::text[]), '{}'), '{}')`;

/** A record's own errors, and what is known of its content. */
const ERRORS = `case when t._errors ? '_content'
          then coalesce(excluded._errors, '{}') || jsonb_build_object('_content', t._errors -> '_content')
          else excluded._errors end`;

/**
 * Edit times have whole minutes, and a cut value may change where the list does not show it: then neither hash nor
 * time of edit differ. A value that was completed so soon after its record's edit is completed once more by the
 * next scan that meets it. Below the overlap of incremental scans (5 minutes), so that one does.
 */
const MINUTE_IS_OVER = `interval '2 minutes'`;

/**
 * Cut values are rare. Looking for them record by record, in the table and among those noted, took a sixth of the
 * statement for rows that have none (28 of 170 ms for 3,937): who has none is left out first.
 */
function mergeStatement(source: SourceRow, columns: readonly Column[], withMore: boolean): string {
  const table = quoteTable(source);
  const targets = columns.flatMap((column, i) =>
    column.place === 'more'
      ? []
      : [{ name: quote(column.column), cell: `s.cells[${i + 1}]::${column.column_type}` }],
  );
  if (withMore) targets.push({ name: '_more', cell: MORE });
  const names = targets.map(({ name }) => name);
  const cells = targets.map(({ cell }) => cell);
  const system = ['_created_at', '_edited_at', '_hash', '_errors', '_raw'];
  const written = [...names, ...system, '_synced_at', '_run_id', '_deleted_at'];
  const updates = written.map(
    (name) => `${name} = ${name === '_errors' ? ERRORS : `excluded.${name}`}`,
  );
  return `
    with staged as (
      select distinct on (id) *
        from appsync.staging
       where scan_id = $1 and attempt = any($2::text[]) and rejected is null
         and ($6::text[] is null or id = any($6::text[]))
       order by id, edited_at desc nulls last, array_position($2::text[], attempt) desc, ordinal desc
    ), changed as (
      select s.*, t._deleted_at is not null as was_deleted
        from staged s left join ${table} t on t._id = s.id
       where t._id is null or t._hash is distinct from s.hash or t._deleted_at is not null
    ), merged as (
      insert into ${table} as t (_id, ${written.join(', ')})
      select s.id, ${[...cells, 's.created_at', 's.edited_at', 's.hash', 's.errors', 's.raw'].join(', ')},
             now(), $3, null
        from changed s
      on conflict (_id) do update set ${updates.join(', ')}
      returning t._id, (xmax = 0) as inserted
    ), released as (
      delete from appsync.quarantine q using staged s where q.source_id = $4 and q.entry = 'id:' || s.id
    ), whole as (
      delete from appsync.truncated_value v using changed c
       where v.source_id = $4 and v.record_id = c.id and v.field_id <> all(c.truncated)
         and (select exists (select from appsync.truncated_value where source_id = $4))
    ), cut as (
      insert into appsync.truncated_value (source_id, record_id, field_id)
      select $4, c.id, cut.field_id from changed c, unnest(c.truncated) as cut(field_id)
       where c.truncated <> '{}'
       union
      select $4, s.id, cut.field_id
        from staged s join ${table} t on t._id = s.id, unnest(s.truncated) as cut(field_id)
       where s.truncated <> '{}' and s.edited_at > t._synced_at - ${MINUTE_IS_OVER}
      on conflict do nothing
    )${source.content_kept === null ? '' : `,${queueContentOfStaged(table)}`}
    select count(*) filter (where inserted) as inserted,
           count(*) filter (where not inserted) as updated,
           (select count(*) from staged) as read,
           (select count(*) from changed where raw is null) as lacking,
           array(select m._id from merged m join changed c on c.id = m._id
                  where (m.inserted or c.was_deleted) and c.created_at < $5) as arrivals
      from merged`;
}

/** The records of one attempt: their ids, and how many have none. */
export interface StagedIds {
  readonly ids: readonly string[];
  readonly unidentified: number;
}

/** The ids of the batches' records by attempt, for the evidence of a full scan. Staged rows are removed. */
export async function takeStagedIds(
  tx: Queryable,
  scanId: string,
  batches: readonly BatchKey[],
): Promise<ReadonlyMap<string, StagedIds>> {
  const { rows } = await tx.query<StagedIds & { readonly attempt: string }>(
    `with taken as (
       delete from appsync.staging where scan_id = $1 and attempt = any($2::text[]) returning attempt, id
     )
     select attempt, coalesce(array_agg(id) filter (where id is not null), '{}') as ids,
            count(*) filter (where id is null) as unidentified
       from taken group by attempt`,
    [scanId, batches.map((batch) => batch.attempt)],
  );
  return new Map(rows.map((row) => [row.attempt, row]));
}
