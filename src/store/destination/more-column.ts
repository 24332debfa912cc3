import type { Column } from '../../contract/schema.ts';
import type { Queryable } from '../database.ts';
import { quoteTable } from '../identifiers.ts';
import type { SourceRow } from '../sources.ts';

/**
 * `_more` (jsonb) holds the values that have no column of their own: of properties beyond the columns that Postgres
 * has room for, and of single rows that are too big for a page. Column name → value; what is NULL has no key.
 */
export async function hasMore(tx: Queryable, source: SourceRow): Promise<boolean> {
  const { rows } = await tx.query<{ present: boolean }>(
    `select exists (
       select from pg_attribute
        where attrelid = to_regclass($1) and attname = '_more' and not attisdropped
     ) as present`,
    [quoteTable(source)],
  );
  return rows[0]?.present === true;
}

/** Whether the table was given `_more` once, though somebody may have dropped it since. */
export async function wasGivenMore(tx: Queryable, source: SourceRow): Promise<boolean> {
  const { rows } = await tx.query<{ has_more: boolean }>(
    'select has_more from appsync.source where id = $1',
    [source.id],
  );
  return rows[0]?.has_more === true;
}

/** Gives the table its `_more`. */
export async function addMore(tx: Queryable, source: SourceRow): Promise<void> {
  await tx.query(`alter table ${quoteTable(source)} add column _more jsonb`);
  await tx.query('update appsync.source set has_more = true where id = $1', [source.id]);
}

/** Lets values in `_more` follow their columns' names. */
export async function renameMoreKeys(
  tx: Queryable,
  source: SourceRow,
  keys: ReadonlyMap<string, string>,
): Promise<void> {
  await tx.query(
    `update ${quoteTable(source)} set _more = appsync.rename_keys(_more, $1) where _more ?| $2::text[]`,
    [JSON.stringify(Object.fromEntries(keys)), [...keys.keys()]],
  );
}

/** The columns that have their place in `_more`, as lists for appsync.more_of. */
export function moreLists(columns: readonly Column[]): {
  readonly positions: readonly number[];
  readonly names: readonly string[];
  readonly types: readonly string[];
} {
  const placed = columns.flatMap((column, i) =>
    column.place === 'more' ? [{ ...column, position: i + 1 }] : [],
  );
  return {
    positions: placed.map(({ position }) => position),
    names: placed.map(({ column }) => column),
    types: placed.map(({ column_type }) => column_type),
  };
}
