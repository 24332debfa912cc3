import type { ComparedBatch } from '../../contract/reconciliation.ts';
import type { PassKey } from './comparison.ts';
import type { Queryable } from '../database.ts';

interface BatchPlace {
  readonly window: number;
  readonly batch: number;
}

/** What a batch that is compared already was answered with, or null. */
export async function readComparedBatch(
  db: Queryable,
  key: PassKey,
  place: BatchPlace,
): Promise<ComparedBatch | null> {
  const { rows } = await db.query<{ answer: ComparedBatch }>(
    `select answer from appsync.compared_batch
      where run_id = $1 and source_id = $2 and pass = $3 and window_no = $4 and batch_no = $5`,
    [key.run_id, key.source_id, key.pass, place.window, place.batch],
  );
  return rows[0]?.answer ?? null;
}

export async function recordComparedBatch(
  tx: Queryable,
  key: PassKey,
  place: BatchPlace,
  answer: ComparedBatch,
): Promise<void> {
  await tx.query(
    `insert into appsync.compared_batch
       (run_id, source_id, pass, window_no, batch_no, records, answer)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      key.run_id,
      key.source_id,
      key.pass,
      place.window,
      place.batch,
      answer.records,
      JSON.stringify(answer),
    ],
  );
}

/** How many batches of a pass are recorded, and how many records they had. */
export async function countCompared(
  db: Queryable,
  key: PassKey,
): Promise<{ readonly batches: number; readonly records: number }> {
  const { rows } = await db.query<{ batches: number; records: number }>(
    `select count(*) as batches, coalesce(sum(records), 0)::bigint as records
       from appsync.compared_batch where run_id = $1 and source_id = $2 and pass = $3`,
    [key.run_id, key.source_id, key.pass],
  );
  return rows[0] ?? { batches: 0, records: 0 };
}
