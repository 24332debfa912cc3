import type { Queryable } from '../database.ts';
import { quoteTable } from '../identifiers.ts';
import type { SourceRow } from '../sources.ts';

/** Which of the unsettled records of a source are meant: these, or all of a state. */
export type UnsettledChoice =
  { readonly ids: readonly string[] } | { readonly state: 'ask' | 'presume' };

/**
 * Marks rows as deleted and settles their records; `moved`: because they are in another source now. Their
 * values stay. Returns how many rows were live. Call it under the source's fence.
 */
export async function settleDeleted(
  tx: Queryable,
  source: SourceRow,
  choice: UnsettledChoice,
  run: { readonly run_id: string; readonly moved?: boolean },
): Promise<number> {
  const { rows } = await tx.query<{ deleted: number }>(
    `with settled as (
       delete from appsync.unsettled_record
        where source_id = $1 and ${'ids' in choice ? 'record_id = any($2::text[])' : 'state = any($2::text[])'}
        returning record_id
     ), marked as (
       update ${quoteTable(source)} t
          set _deleted_at = now(), _synced_at = now(), _run_id = $3
         from settled where t._id = settled.record_id and t._deleted_at is null
        returning 1
     ), cut as (
       delete from appsync.truncated_value v using settled
        where v.source_id = $1 and v.record_id = settled.record_id
     )
     select count(*) as deleted from marked`,
    [source.id, 'ids' in choice ? choice.ids : [choice.state], run.run_id],
  );
  const deleted = rows[0]?.deleted ?? 0;
  await tx.query(
    `update appsync.sweep set deleted = deleted + $2, moved = moved + $3 where source_id = $1`,
    [source.id, deleted, run.moved === true ? deleted : 0],
  );
  return deleted;
}

/** A record is where it belongs after all. */
export async function settlePresent(
  tx: Queryable,
  sourceId: number,
  recordId: string,
): Promise<void> {
  const { rows } = await tx.query<{ origin: string }>(
    'delete from appsync.unsettled_record where source_id = $1 and record_id = $2 returning origin',
    [sourceId, recordId],
  );
  if (rows[0]?.origin !== 'missing') return;
  await tx.query('update appsync.sweep set still_there = still_there + 1 where source_id = $1', [
    sourceId,
  ]);
}

/**
 * A record that the platform gives no answer about stays as it is and waits for a person, unless one agreed to
 * its deletion. One that was only said to have arrived is none of ours. Returns how many rows were deleted.
 */
export async function settleUnreachable(
  tx: Queryable,
  source: SourceRow,
  recordId: string,
  run: { readonly run_id: string },
): Promise<number> {
  const { rows } = await tx.query<{ origin: string; is_accepted: boolean }>(
    `update appsync.unsettled_record set state = 'unreachable'
      where source_id = $1 and record_id = $2 returning origin, is_accepted`,
    [source.id, recordId],
  );
  const [record] = rows;
  if (record?.is_accepted === true) return settleDeleted(tx, source, { ids: [recordId] }, run);
  if (record?.origin !== 'arrived') return 0;
  await tx.query('delete from appsync.unsettled_record where source_id = $1 and record_id = $2', [
    source.id,
    recordId,
  ]);
  return 0;
}

/**
 * Those that nobody asked about go the way of the sample: deleted when all of it was, else held for a person.
 * Returns how many rows were deleted.
 */
export async function settlePresumed(
  tx: Queryable,
  source: SourceRow,
  run: { readonly run_id: string },
): Promise<number> {
  const { rowCount } = await tx.query(
    `update appsync.unsettled_record u set state = 'held', is_accepted = false
      where u.source_id = $1 and u.state = 'presume' and (
        exists (select from appsync.sweep s where s.source_id = $1 and s.still_there > 0)
        or exists (
          select from appsync.unsettled_record o
           where o.source_id = $1 and o.state = 'unreachable' and not o.is_accepted
        )
      )`,
    [source.id],
  );
  if ((rowCount ?? 0) > 0) return 0;
  return settleDeleted(tx, source, { state: 'presume' }, run);
}
