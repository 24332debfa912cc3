/** Postgres types that destination columns have. Every other platform type is kept as jsonb. */
export type ColumnType =
  'text' | 'numeric' | 'boolean' | 'date' | 'timestamptz' | 'jsonb' | 'text[]';

/** A property or field of a source, as the platform describes it. `id` survives renames. */
export interface SourceField {
  readonly id: string;
  readonly name: string;
  /** The platform's own type name, e.g. `multi_select` or `multipleRecordLinks`. */
  readonly type: string;
  readonly column_type: ColumnType;
}

/** What a platform says of one source now. */
export interface SourceSchema {
  /** The source's title on the platform. */
  readonly title: string;
  /** Data source id, or `app…/tbl…`. */
  readonly external_id: string;
  readonly fields: readonly SourceField[];
  /** Server clock when it answered, ISO 8601 (from the Date header). */
  readonly server_time: string;
}

/** Where a field's values are: in a column of its own, or under the column's name in `_more` (jsonb). */
export type ColumnPlace = 'column' | 'more';

/** A field with the column that holds it. The order of columns is the order of `values` in a record. */
export interface Column extends SourceField {
  readonly column: string;
  /** Absent: `column`. */
  readonly place?: ColumnPlace;
}

/**
 * One record, converted. `values` stand in the order of the columns that the conversion was made for,
 * each in Postgres text input form (`12.5`, `t`, `2026-01-01`, `{"a","b"}`, JSON) or null.
 */
export interface ConvertedRecord {
  readonly id: string;
  readonly created_at: string | null;
  readonly edited_at: string | null;
  readonly values: readonly (string | null)[];
  /** Field id → why its value is null or not whole. */
  readonly errors: Readonly<Record<string, string>> | null;
  /** Ids of the fields whose value the list cut short. */
  readonly truncated: readonly string[];
  /**
   * The record as the API gave it: JSON text, or the very bytes of it (UTF-8) where they are at hand, which need not be
   * written anew then.
   */
  readonly raw: string | Uint8Array;
  /** Changes exactly when the record's content does (signed URLs and key order do not count). */
  readonly hash: string;
}

/**
 * Converts records as the API gave them (`raw`, parsed) into rows of these columns: pure, no request.
 * Throws for a record that it cannot convert.
 */
export type CreateConverter = (columns: readonly Column[]) => (record: unknown) => ConvertedRecord;

/** A record that could not be converted. */
export interface RejectedRecord {
  /** Null when the platform gave none that can be the key of a row. */
  readonly id: string | null;
  /** The record as the API gave it, JSON text. */
  readonly raw: string;
  readonly hash: string;
  /** In words that hold nothing of the record. */
  readonly reason: string;
}
