import type { BatchKey } from '../../contract/activities.ts';
import type { Column } from '../../contract/schema.ts';
import type { Queryable } from '../database.ts';
import { mergeStaged, type MergeCounts } from '../merge.ts';
import { addMore, hasMore } from './more-column.ts';
import { isRowTooBig } from './rebuild.ts';
import type { SourceRow } from '../sources.ts';
import { withLockTimeout } from './table-lock.ts';

/** What a merge is of; as mergeStaged has it. */
type MergeKey = Parameters<typeof mergeStaged>[3];

/**
 * Bytes of a page for a row's values, of 8,160 that a page has: the first leaves room for the row's header, system
 * columns and rounding; the others are for columns of the user's that take room, too.
 */
const BUDGETS = [7200, 3600, 0] as const;

const NO_ROOM = 'no room in its column for this row: the value is in _more';

/**
 * Merges staged rows as mergeStaged does. When Postgres says that a row is too big for a page, which some 350
 * filled columns make it, the rows of the batch that may be keep their first values in their columns and the others
 * in `_more`, with a note in `_errors`; a row whose values do fit is not touched by that. Repeatable; throws what
 * mergeStaged does.
 */
export async function mergeFitting(
  tx: Queryable,
  source: SourceRow,
  columns: readonly Column[],
  key: MergeKey,
  ids: readonly string[] | null = null,
): Promise<MergeCounts> {
  let tooBig: unknown;
  for (const budget of [null, ...BUDGETS]) {
    if (budget !== null) await spillWideRows(tx, source, columns, key, budget);
    await tx.query('savepoint merge_fitting');
    try {
      const counts = await mergeStaged(tx, source, columns, key, ids);
      await tx.query('release savepoint merge_fitting');
      return counts;
    } catch (error) {
      if (!isRowTooBig(error)) throw error;
      tooBig = error;
      await tx.query('rollback to savepoint merge_fitting');
    }
  }
  throw tooBig;
}

/** Moves what may not fit from staged rows' cells to their `more`, and sees that the table can take it. */
async function spillWideRows(
  tx: Queryable,
  source: SourceRow,
  columns: readonly Column[],
  { scan_id, batches }: { readonly scan_id: string; readonly batches: readonly BatchKey[] },
  budget: number,
): Promise<void> {
  if (!(await hasMore(tx, source))) {
    await withLockTimeout(tx, source, () => addMore(tx, source));
  }
  await tx.query(
    `update appsync.staging s
        set cells = f.kept, more = coalesce(s.more, '{}') || f.more,
            errors = coalesce(s.errors, '{}')
                  || (select jsonb_object_agg(name, $6::text) from unnest(f.spilled) as name)
       from (
         select r.ctid, f.* from appsync.staging r
          cross join lateral appsync.spill(r.cells, $3::text[], $4::text[], $5) as f
          where r.scan_id = $1 and r.attempt = any($2::text[])
       ) f
      where s.ctid = f.ctid and f.spilled is not null`,
    [
      scan_id,
      batches.map((batch) => batch.attempt),
      columns.map((column) => (column.place === 'more' ? null : column.column)),
      columns.map((column) => column.column_type),
      budget,
      NO_ROOM,
    ],
  );
}
