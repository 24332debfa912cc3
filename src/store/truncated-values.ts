import { SyncFailure } from '../errors.ts';
import type { Column } from '../contract/schema.ts';
import type { Queryable } from './database.ts';
import { quote, quoteTable } from './identifiers.ts';
import { hasMore } from './destination/more-column.ts';
import type { SourceRow } from './sources.ts';

/** A cell that holds only the beginning of its value. */
export interface TruncatedValue {
  readonly record_id: string;
  readonly field_id: string;
}

export async function countTruncated(db: Queryable, sourceId: number): Promise<number> {
  const { rows } = await db.query<{ values: number }>(
    'select count(*) as values from appsync.truncated_value where source_id = $1',
    [sourceId],
  );
  return rows[0]?.values ?? 0;
}

export async function readTruncated(
  db: Queryable,
  sourceId: number,
  limit: number,
): Promise<TruncatedValue[]> {
  const { rows } = await db.query<TruncatedValue>(
    `select record_id, field_id from appsync.truncated_value where source_id = $1
      order by record_id, field_id limit $2`,
    [sourceId, limit],
  );
  return rows;
}

/**
 * Writes values read whole and forgets that they were cut. `text` is in Postgres text form. A value that is no
 * longer noted as cut is not written: another attempt completed it, or a merge brought a newer one.
 */
export async function completeValues(
  tx: Queryable,
  source: SourceRow,
  column: Column,
  values: readonly { readonly record_id: string; readonly text: string | null }[],
): Promise<void> {
  const ids = values.map((value) => value.record_id);
  if (!/^[a-z]+(\[\])?$/.test(column.column_type)) {
    throw new SyncFailure('Misconfigured', `column type ${column.column_type} is not one of ours`);
  }
  await tx.query(
    `with taken as (
       delete from appsync.truncated_value
        where source_id = $3 and field_id = $4 and record_id = any($1::text[]) returning record_id
     )
     update ${quoteTable(source)} t
        set ${(await hasMore(tx, source)) ? placedValue(column) : plainValue(column)}, _synced_at = now()
       from unnest($1::text[], $2::text[]) as v(id, text) join taken on taken.record_id = v.id
      where t._id = v.id`,
    [ids, values.map((value) => value.text), source.id, column.id],
  );
}

const plainValue = ({ column, column_type }: Column) => `${quote(column)} = v.text::${column_type}`;

/** In a table with `_more` the value stays where the merge put it: for this row it may have had no room. */
function placedValue(column: Column): string {
  const key = `'${column.column}'`;
  const more = `coalesce(t._more, '{}') - ${key}
    || jsonb_strip_nulls(jsonb_build_object(${key}, appsync.cell_json(v.text, '${column.column_type}')))`;
  if (column.place === 'more') return `_more = nullif(${more}, '{}')`;
  const name = quote(column.column);
  return `_more = case when t._more ? ${key} then nullif(${more}, '{}') else t._more end,
    ${name} = case when t._more ? ${key} then t.${name} else v.text::${column.column_type} end`;
}

/** A value that cannot be written whole keeps its beginning, and `_errors` says why: it is cut no more. */
export async function noteUnfit(
  tx: Queryable,
  source: SourceRow,
  column: Column,
  recordId: string,
  reason: string,
): Promise<void> {
  await tx.query(
    `update ${quoteTable(source)} set _errors = coalesce(_errors, '{}') || jsonb_build_object($2::text, $3::text)
      where _id = $1`,
    [recordId, column.column, `not whole: ${reason}`],
  );
  await forgetTruncated(tx, source.id, column.id, [recordId]);
}

/** Makes the next full scan write a record again, whatever it finds. */
export async function clearHash(tx: Queryable, source: SourceRow, recordId: string): Promise<void> {
  await tx.query(`update ${quoteTable(source)} set _hash = null where _id = $1`, [recordId]);
}

/** Forgets cut values whose record or property is gone: the next scan tells what became of them. */
export async function forgetTruncated(
  tx: Queryable,
  sourceId: number,
  fieldId: string,
  recordIds: readonly string[],
): Promise<void> {
  await tx.query(
    `delete from appsync.truncated_value
      where source_id = $1 and field_id = $2 and record_id = any($3::text[])`,
    [sourceId, fieldId, recordIds],
  );
}
