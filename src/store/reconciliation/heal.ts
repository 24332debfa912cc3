import { MOST_KEPT } from '../../contract/reconciliation.ts';
import type { Queryable } from '../database.ts';
import { quoteTable } from '../identifiers.ts';
import type { SourceRow } from '../sources.ts';

/** A person's wish that the next scan of a source writes rows again, whatever their hash says. */
export interface Heal {
  readonly run_id: string;
  readonly records: number;
  readonly ids: readonly string[];
  readonly is_whole_table: boolean;
  /** The scan that was begun for it; null: none yet. */
  readonly scan_id: string | null;
}

/**
 * Wishes that what a reconciliation found to differ in these sources is healed; what is gone from a table, or too
 * much in it, the full scan finds by itself. Joins an earlier wish that no scan has fulfilled. A second call
 * changes nothing but makes a scan that is at work not count.
 */
export async function requestHeal(
  tx: Queryable,
  runId: string,
  sourceIds: readonly number[],
): Promise<void> {
  await tx.query(
    `insert into appsync.heal as h (source_id, run_id, records, ids, is_whole_table)
     select r.source_id, r.run_id, r.missing + r.surplus + r.changed + r.altered,
            array(select d.record_id from appsync.drift d
                   where d.run_id = r.run_id and d.source_id = r.source_id
                     and d.kind in ('changed', 'altered')),
            greatest(r.changed, r.altered) > $3
       from appsync.reconciliation r where r.run_id = $1 and r.source_id = any($2::bigint[])
     on conflict (source_id) do update
        set run_id = excluded.run_id, records = greatest(h.records, excluded.records),
            ids = array(select unnest(h.ids) union select unnest(excluded.ids)),
            is_whole_table = h.is_whole_table or excluded.is_whole_table,
            scan_id = null, requested_at = now()`,
    [runId, sourceIds, MOST_KEPT],
  );
}

export async function readHeal(db: Queryable, sourceId: number): Promise<Heal | null> {
  const { rows } = await db.query<Heal>(
    `select run_id, records, ids, is_whole_table, scan_id from appsync.heal where source_id = $1
        for no key update`,
    [sourceId],
  );
  return rows[0] ?? null;
}

/** How many records of a source are to be healed; for plans. */
export async function countToHeal(db: Queryable, sourceId: number): Promise<number> {
  const { rows } = await db.query<{ records: number }>(
    'select records from appsync.heal where source_id = $1',
    [sourceId],
  );
  return rows[0]?.records ?? 0;
}

/** Clears the hashes of the rows concerned, so that the scan writes them again. Call it under the source's fence. */
export async function beginHeal(
  tx: Queryable,
  source: SourceRow,
  heal: Heal,
  scanId: string,
): Promise<void> {
  await tx.query(
    `update ${quoteTable(source)} set _hash = null
      where _hash is not null and ($2 or _id = any($1::text[]))`,
    [heal.ids, heal.is_whole_table],
  );
  await tx.query('update appsync.heal set scan_id = $2 where source_id = $1', [source.id, scanId]);
}

/** The wish is fulfilled: a full scan that was begun for it ended whole. */
export async function endHeal(tx: Queryable, sourceId: number, scanId: string): Promise<void> {
  await tx.query('delete from appsync.heal where source_id = $1 and scan_id = $2', [
    sourceId,
    scanId,
  ]);
}
