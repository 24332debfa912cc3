import { batchName } from '../contract/names.ts';
import type { Queryable } from './database.ts';

/** A batch of a run, by the time it took. */
export interface SlowBatch {
  readonly source: string;
  /** As its activities are called in the Web UI. */
  readonly batch: string;
  /** More than 1: so many, from this one on, were published at once and are counted together. */
  readonly batches: number;
  readonly records: number;
  /** Waiting for the rate budget included. */
  readonly fetch_ms: number;
  readonly waited_ms: number;
  readonly merge_ms: number;
  readonly merged_at: string;
}

const LISTED = 5;

/** The batches of a run that took longest to fetch and merge, the slowest first. */
export async function readSlowestBatches(
  db: Queryable,
  runId: string,
): Promise<readonly SlowBatch[]> {
  const { rows } = await db.query<
    Omit<SlowBatch, 'batch'> & { readonly window_no: number; readonly batch_no: number }
  >(
    `select s.alias as source, b.window_no, b.batch_no, m.batches, m.read as records, m.fetch_ms,
            m.waited_ms, m.merge_ms, appsync.iso(b.merged_at) as merged_at
       from appsync.batch b
       join appsync.source s on s.id = b.source_id,
            jsonb_to_record(b.metrics) as m(
              batches integer, read integer, fetch_ms float8, waited_ms float8, merge_ms float8
            )
      where b.run_id = $1 and m.batches > 0
      order by m.fetch_ms + m.merge_ms desc, b.merged_at, b.batch_no
      limit $2`,
    [runId, LISTED],
  );
  return rows.map(({ window_no, batch_no, ...batch }) => ({
    ...batch,
    batch: batchName(window_no, batch_no),
  }));
}
