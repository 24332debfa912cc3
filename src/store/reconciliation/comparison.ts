import type { ComparisonRef } from '../../contract/reconciliation.ts';
import type { Column } from '../../contract/schema.ts';
import type { Queryable } from '../database.ts';
import { quote, quoteTable } from '../identifiers.ts';
import type { SourceRow } from '../sources.ts';
import type { StagingKey } from '../staging.ts';

export type PassKey = Pick<ComparisonRef, 'run_id' | 'source_id' | 'pass'>;

/** What comparing needs to know besides the rows. */
export interface Circumstances {
  /** Postgres' clock before the platform was asked: what a sync wrote since cannot be judged. */
  readonly asked_at: string;
  readonly schema_changed: boolean;
  /** Whether the platform can be asked if a record without a time of edit was edited lately. */
  readonly can_ask_edits: boolean;
}

/** Postgres' clock now, to the microsecond. */
export async function readClock(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ now: string }>('select clock_timestamp()::text as now');
  return rows[0]?.now ?? '';
}

/**
 * Compares one attempt's staged records with their rows, notes what was found for each, and removes them from
 * staging. Of several records with one id the last one counts. Not drift, but `behind`, is what the next sync
 * brings by itself: records made or edited since the watermark (all of them when the schema changed), and rows
 * that a sync wrote after the platform was asked. Call it in the transaction that staged the records.
 */
export async function compareStaged(
  tx: Queryable,
  source: SourceRow,
  columns: readonly Column[],
  key: PassKey,
  staging: StagingKey,
  about: Circumstances,
): Promise<void> {
  await tx.query(compareStatement(source, columns), [
    key.run_id,
    key.source_id,
    key.pass,
    staging.scan_id,
    staging.attempt,
    about.asked_at,
    about.schema_changed,
    about.can_ask_edits,
    columns.map((column) => column.id),
    columns.map((column) => column.column),
  ]);
  await tx.query('delete from appsync.staging where scan_id = $1 and attempt = $2', [
    staging.scan_id,
    staging.attempt,
  ]);
}

/** Records that wait in quarantine are known not to be in their rows: they are no drift. */
function compareStatement(source: SourceRow, columns: readonly Column[]): string {
  return `
    with staged as (
      select distinct on (id) * from appsync.staging
       where scan_id = $4 and attempt = $5 and rejected is null order by id, ordinal desc
    ), compared as (
      select s.id, s.created_at, s.edited_at, t._synced_at >= $6::timestamptz as is_newer,
             case when t._id is null or t._deleted_at is not null then '{}'
                  else array_remove(array[${columns.map(differingColumn).join(', ')}]::text[], null)
              end as columns,
             case when t._id is null or t._deleted_at is not null then 'missing'
                  when t._hash is distinct from s.hash then 'changed'
                  else 'same' end as found
        from staged s left join ${quoteTable(source)} t on t._id = s.id
    ), judged as (
      select c.id, c.columns, c.edited_at,
             case when q.record_id is not null then 'behind'
                  when c.found = 'same' then case when c.columns = '{}' then 'matching' else 'altered' end
                  when coalesce(c.is_newer, false) or $7 or w.watermark is null
                    or coalesce(c.created_at >= w.watermark, false)
                    or coalesce(c.edited_at >= w.watermark, false) then 'behind'
                  else c.found end as verdict
        from compared c
        left join appsync.quarantine q
               on q.source_id = $2 and q.record_id = c.id and q.dropped_at is null
        cross join (select watermark from appsync.source where id = $2) w
    )
    insert into appsync.compared_record (run_id, source_id, pass, record_id, verdict, ask, columns)
    select $1, $2, $3, id, verdict,
           case when $8 and edited_at is null and verdict in ('missing', 'changed') then 'edits' end, columns
      from judged
    on conflict (run_id, source_id, pass, record_id) do update
       set verdict = excluded.verdict, ask = excluded.ask, columns = excluded.columns`;
}

/**
 * The column's name when its cell differs from what the record converts to, else null. A value that the record
 * has only the beginning of was read whole later, and one that had no room is in `_more`: they say nothing.
 */
function differingColumn({ column, column_type, place }: Column, index: number): string {
  if (place === 'more') return 'null';
  const at = `[${index + 1}]`;
  const [cell, wanted] = [`t.${quote(column)}`, `s.cells${at}::${column_type}`];
  const isJson = column_type === 'jsonb';
  const links = `appsync.without_links(${cell}) is distinct from appsync.without_links(${wanted})`;
  const told = `(${cell} is null and t._errors ? ($10::text[])${at})`;
  const differs = `${cell} is distinct from ${wanted} and not ${told}${isJson ? ` and ${links}` : ''}`;
  return `case when ${differs} and ($9::text[])${at} <> all(s.truncated) then ($10::text[])${at} end`;
}

/** Notes records that could not be converted: the platform has them, and the next sync deals with them. */
export async function compareRejected(
  tx: Queryable,
  key: PassKey,
  ids: readonly string[],
): Promise<void> {
  await tx.query(
    `insert into appsync.compared_record (run_id, source_id, pass, record_id, verdict)
     select $1, $2, $3, id, 'behind' from unnest($4::text[]) as id
     on conflict (run_id, source_id, pass, record_id) do update set verdict = excluded.verdict, ask = null`,
    [key.run_id, key.source_id, key.pass, ids],
  );
}

/** Notes for records that the platform says it has not, or not here, what that makes of their rows. */
export async function compareAbsent(
  tx: Queryable,
  source: SourceRow,
  key: PassKey,
  ids: readonly string[],
  askedAt: string,
): Promise<void> {
  await tx.query(
    `insert into appsync.compared_record (run_id, source_id, pass, record_id, verdict)
     select $1, $2, $3, g.id,
            case when t._id is null or t._deleted_at is not null then 'matching'
                 when t._synced_at >= $5::timestamptz then 'behind'
                 else 'surplus' end
       from unnest($4::text[]) as g(id) left join ${quoteTable(source)} t on t._id = g.id
     on conflict (run_id, source_id, pass, record_id) do update
        set verdict = excluded.verdict, ask = null, columns = '{}'`,
    [key.run_id, key.source_id, key.pass, ids, askedAt],
  );
}

/**
 * Notes live rows that a whole listing lacks: the platform is asked about `most` of them, of the others the
 * listing's word is taken. Rows that a sync wrote since the comparison began are not meant. A second call finds
 * nothing new.
 */
export async function noteSurplus(
  tx: Queryable,
  source: SourceRow,
  key: PassKey,
  most: number,
): Promise<void> {
  await tx.query(
    `insert into appsync.compared_record (run_id, source_id, pass, record_id, verdict, ask)
     select $1, $2, $3, r.id, case when r.place > $4 then 'surplus' end,
            case when r.place <= $4 then 'record' end
       from (
         select t._id as id, row_number() over (order by md5(t._id), t._id) as place
           from ${quoteTable(source)} t
          where t._deleted_at is null
            and t._synced_at < (select started_at from appsync.reconciliation
                                 where run_id = $1 and source_id = $2)
            and not exists (
              select from appsync.compared_record c
               where c.run_id = $1 and c.source_id = $2 and c.pass = $3 and c.record_id = t._id
            )
       ) r
     on conflict do nothing`,
    [key.run_id, key.source_id, key.pass, most],
  );
}

/** Removes what was noted record by record: the counts and the drift are kept elsewhere. */
export async function forgetCompared(tx: Queryable, key: Omit<PassKey, 'pass'>): Promise<void> {
  for (const table of ['compared_record', 'compared_batch']) {
    await tx.query(`delete from appsync.${table} where run_id = $1 and source_id = $2`, [
      key.run_id,
      key.source_id,
    ]);
  }
}
