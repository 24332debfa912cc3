import { createHash } from 'node:crypto';
import { recordHash } from '../values/record-hash.ts';
import { recordId } from '../values/record-id.ts';
import { FILE_COLUMN, type FileRecord } from './convert.ts';
import type { Row } from './rows.ts';

/** A row with what it is known by. */
export interface Identified {
  readonly record: FileRecord;
  /** Eight bytes of a digest of its identity, by which rows that are alike are found; 0: it has none. */
  readonly digest: bigint;
}

/** What rows of a source are known by: the cells of their key, or all that is in them. */
export function identify(row: Row, key: readonly string[], file: string | undefined): Identified {
  const place = file === undefined ? {} : { file };
  if (row.kind === 'broken') {
    return nobody({ id: null, ...place, line: row.text, unusable: row.reason });
  }
  const { values, missing, surplus, damaged } = row;
  const content = {
    ...place,
    values,
    ...(missing.length === 0 ? {} : { missing }),
    ...(surplus.length === 0 ? {} : { surplus }),
    ...(damaged.length === 0 ? {} : { damaged }),
  };
  if (key.length === 0) {
    // Not its file: a line that moves to the next file of a pattern stays the same row.
    const digest = Buffer.from(recordHash({ values, surplus }), 'base64');
    return { record: { id: digest.toString('hex'), ...content }, digest: beginning(digest) };
  }
  const cells = key.map((name) => (name === FILE_COLUMN ? file : keyText(values[name])));
  const empty = key.filter((_, i) => (cells[i] ?? '') === '');
  if (empty.length > 0) {
    return nobody({ id: null, ...content, unusable: `its key ${empty.join(', ')} is empty` });
  }
  const id = recordId({ id: cells.length === 1 ? cells[0] : cells.map(escaped).join('/') });
  if (id === null) {
    const unusable = `its key ${key.join(', ')} is longer than 255 characters, or holds U+0000`;
    return nobody({ id: null, ...content, unusable });
  }
  const digest = createHash('sha1').update(id).digest();
  return { record: { id, ...content }, digest: beginning(digest) };
}

/** A row that comes after others of the same identity: `earlier` is their number. */
export function distinguish(
  { record }: Identified,
  key: readonly string[],
  earlier: number,
): FileRecord {
  if (earlier === 0 || record.id === null) return record;
  if (key.length > 0) {
    return { ...record, unusable: `a row before it has the same key (${key.join(', ')})` };
  }
  return { ...record, id: `${record.id}-${earlier + 1}` };
}

const nobody = (record: FileRecord): Identified => ({ record, digest: 0n });

/** Never 0, which means none. */
const beginning = (digest: Buffer) => digest.readBigUInt64LE(0) | 1n;

function keyText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/** So that `a/b` and `c` never have the key of `a` and `b/c`. */
const escaped = (cell: string | undefined) => (cell ?? '').replace(/[\\/]/g, '\\$&');
