import type { Queryable } from '../database.ts';
import { quoteTable } from '../identifiers.ts';

/** A column of a table: as recorded for its property, as it is in Postgres, or both. */
export interface InspectedColumn {
  readonly column: string;
  /** As it is; null: there is no such column. */
  readonly type: string | null;
  /** The type that it was made with; null: it is not one of a property. */
  readonly expected_type: string | null;
  /** The property that it holds, by its name and type on the platform. */
  readonly property: string | null;
  readonly property_type: string | null;
  /** `column`, or `more` when its values are in `_more`. */
  readonly place: 'column' | 'more' | null;
  /** Since when its property is gone from the platform. */
  readonly dropped_at: string | null;
}

interface TableName {
  readonly table_schema: string;
  readonly table_name: string;
}

/** Columns of one table in their order; `sourceId` null: of a table that belongs to no source. */
export async function inspectColumns(
  db: Queryable,
  table: TableName,
  sourceId: number | null,
): Promise<readonly InspectedColumn[]> {
  const { rows } = await db.query<InspectedColumn & { column: string }>(
    `with present as (
       select attname as name, attnum,
              replace(format_type(atttypid, atttypmod), 'timestamp with time zone', 'timestamptz') as type
         from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped
     ), recorded as (
       select column_name as name, column_type, field_name, field_type, place, position, dropped_at
         from appsync.source_column where source_id = $2
     )
     select coalesce(present.name, recorded.name) as column, present.type,
            recorded.column_type as expected_type, recorded.field_name as property,
            recorded.field_type as property_type, recorded.place,
            appsync.iso(recorded.dropped_at) as dropped_at
       from present full join recorded on recorded.name = present.name
      order by recorded.position is null, recorded.dropped_at is not null, recorded.position, attnum`,
    [quoteTable(table), sourceId],
  );
  return rows;
}

/** Rows that are counted one by one, deleted ones included in `rows`. */
export interface ExactRows {
  readonly rows: number;
  readonly deleted_rows: number;
}

/** Counts the rows of a table that has its system columns. Reads all of it. */
export async function countRows(db: Queryable, table: TableName): Promise<ExactRows> {
  const { rows } = await db.query<{ rows: number; deleted_rows: number }>(
    `select count(*) as rows, count(_deleted_at) as deleted_rows from ${quoteTable(table)}`,
  );
  return rows[0] ?? { rows: 0, deleted_rows: 0 };
}
