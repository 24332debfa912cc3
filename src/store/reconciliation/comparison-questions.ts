import type { Queryable } from '../database.ts';
import type { PassKey } from './comparison.ts';
import { quoteTable } from '../identifiers.ts';
import type { SourceRow } from '../sources.ts';

/** What the platform is asked about a record: where it is, or whether it was edited lately. */
export type Question = 'record' | 'edits';

export async function countQuestions(db: Queryable, key: PassKey): Promise<number> {
  const { rows } = await db.query<{ open: number }>(
    `select count(*) as open from appsync.compared_record
      where run_id = $1 and source_id = $2 and pass = $3 and ask is not null`,
    [key.run_id, key.source_id, key.pass],
  );
  return rows[0]?.open ?? 0;
}

/** Ids that a question is open about, at most so many. */
export async function readQuestions(
  db: Queryable,
  key: PassKey,
  question: Question,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ record_id: string }>(
    `select record_id from appsync.compared_record
      where run_id = $1 and source_id = $2 and pass = $3 and ask = $4 order by record_id limit $5`,
    [key.run_id, key.source_id, key.pass, question, limit],
  );
  return rows.map((row) => row.record_id);
}

/** The platform has told which of these records were edited lately: the next sync brings those. */
export async function settleEdits(
  tx: Queryable,
  key: PassKey,
  ids: readonly string[],
  edited: readonly string[],
): Promise<void> {
  await tx.query(
    `update appsync.compared_record
        set ask = null, verdict = case when record_id = any($5::text[]) then 'behind' else verdict end
      where run_id = $1 and source_id = $2 and pass = $3 and record_id = any($4::text[])
        and ask = 'edits'`,
    [key.run_id, key.source_id, key.pass, ids, edited],
  );
}

/** Chooses rows by a digest of the seed and their ids, so that a second call chooses the same. */
export async function askAboutSample(
  tx: Queryable,
  source: SourceRow,
  key: PassKey,
  sample: { readonly size: number; readonly seed: string },
): Promise<void> {
  await tx.query(
    `insert into appsync.compared_record (run_id, source_id, pass, record_id, ask)
     select $1, $2, $3, t._id, 'record' from ${quoteTable(source)} t
      where t._deleted_at is null order by md5($4 || t._id), t._id limit $5
     on conflict do nothing`,
    [key.run_id, key.source_id, key.pass, sample.seed, sample.size],
  );
}

/** Chooses what an earlier reconciliation found to differ. */
export async function askAboutDrift(tx: Queryable, key: PassKey, of: string): Promise<void> {
  await tx.query(
    `insert into appsync.compared_record (run_id, source_id, pass, record_id, ask)
     select $1, $2, $3, d.record_id, 'record' from appsync.drift d
      where d.run_id = $4 and d.source_id = $2
     on conflict do nothing`,
    [key.run_id, key.source_id, key.pass, of],
  );
}

/**
 * A time of creation to begin a sampled listing at, so that some `size` records follow: `place` from 0 to 1 is
 * where in the table. Null when no live row has such a time.
 */
export async function readCreatedAt(
  db: Queryable,
  source: SourceRow,
  place: number,
  size: number,
): Promise<string | null> {
  const table = quoteTable(source);
  const { rows } = await db.query<{ created_at: string }>(
    `with live as (
       select _created_at from ${table} where _deleted_at is null and _created_at is not null
     )
     select appsync.iso(_created_at) as created_at from live order by _created_at
     offset (select floor(greatest(0, count(*) - $2) * $1::float8)::bigint from live) limit 1`,
    [place, size],
  );
  return rows[0]?.created_at ?? null;
}
