import type { Column, ConvertedRecord } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import type { SourceRef } from '../platform.ts';
import { isObject, type JsonObject } from '../values/json-object.ts';
import { cleanText } from '../values/postgres-text.ts';
import { recordHash } from '../values/record-hash.ts';
import { recordId } from '../values/record-id.ts';
import { toTextOf, Unfit } from './cell-values.ts';

/** The column of sources that are several files: the name of the row's file. */
export const FILE_COLUMN = '_file';

/** A row as it is kept in `_raw`. */
export interface FileRecord {
  /** Null when the row cannot be told from others. */
  readonly id: string | null;
  readonly file?: string;
  /** By name of column; empty cells of a CSV file are left out. */
  readonly values?: JsonObject;
  /** Columns for which the line had no cell. */
  readonly missing?: readonly string[];
  /** Cells for which there is no column. */
  readonly surplus?: readonly string[];
  /** Columns in whose cells bytes were replaced that are no UTF-8. */
  readonly damaged?: readonly string[];
  /** The line, where no row can be made of it. */
  readonly line?: string;
  /** Why it cannot be a row. */
  readonly unusable?: string;
}

const MISSING = 'the line has no cell for it';
const DAMAGED = 'bytes that are no UTF-8 were replaced';

/** Makes rows of records, also of those that were stored long ago. Throws for one that can be no row. */
export function createConverter(
  columns: readonly Column[],
  ref?: SourceRef,
): (record: unknown) => ConvertedRecord {
  const isJsonFormat = ['json', 'jsonl'].includes(ref?.['format'] ?? '');
  const cells = columns.map(({ id, column_type }) => ({
    id,
    toText: toTextOf(column_type, isJsonFormat),
  }));
  return (given) => {
    const id = recordId(given);
    const record = asRecord(given);
    if (record?.unusable !== undefined) throw new SyncFailure('InvalidAnswer', record.unusable);
    if (record === null || id === null) throw new SyncFailure('InvalidAnswer', 'it has no id');
    const errors = new Map<string, string>(problemsOf(record));
    const values = cells.map((cell) => {
      const value = valueOf(record, cell.id);
      if (value === undefined || value === null) return null;
      const text = cell.toText(value);
      if (!(text instanceof Unfit)) return text;
      errors.set(cell.id, text.reason);
      return null;
    });
    return {
      id,
      created_at: null,
      edited_at: null,
      values,
      errors: errors.size === 0 ? null : Object.fromEntries(errors),
      truncated: [],
      raw: JSON.stringify(record),
      hash: recordHash(record),
    };
  };
}

const asRecord = (given: unknown): FileRecord | null =>
  isObject(given) ? (given as unknown as FileRecord) : null;

function valueOf({ values = {}, file }: FileRecord, id: string): unknown {
  if (Object.hasOwn(values, id)) return values[id];
  return id === FILE_COLUMN && file !== undefined ? cleanText(file) : null;
}

function problemsOf({ missing = [], surplus = [], damaged = [] }: FileRecord) {
  const more = `the line has more cells than there are columns (${surplus.length} more)`;
  return [
    ...missing.map((id) => [id, MISSING] as const),
    ...damaged.map((id) => [id, DAMAGED] as const),
    ...(surplus.length === 0 ? [] : [['_raw', more] as const]),
  ];
}
