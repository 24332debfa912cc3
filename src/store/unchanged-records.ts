import type { ConvertedRecord } from '../contract/schema.ts';
import type { Queryable } from './database.ts';
import { quoteTable } from './identifiers.ts';
import type { SourceRow } from './sources.ts';

/**
 * Ids of those of the records that the table has as they are: nothing of them but id, hash and cut values need be
 * staged. That was so when it was asked; the merge, under the fence, is the one to make sure.
 */
export async function unchangedIds(
  db: Queryable,
  source: SourceRow,
  records: readonly ConvertedRecord[],
): Promise<ReadonlySet<string>> {
  // A table that no scan has been through holds next to nothing.
  if (records.length === 0 || source.full_scan_records === null) return new Set();
  const { rows } = await db.query<{ id: string }>(
    `select t._id as id
       from unnest($1::text[], $2::text[]) as r(id, hash) join ${quoteTable(source)} t on t._id = r.id
      where t._hash = r.hash and t._deleted_at is null`,
    [records.map(({ id }) => id), records.map(({ hash }) => hash)],
  );
  return new Set(rows.map(({ id }) => id));
}
