import { UNIDENTIFIED, type ScanMode } from '../contract/scan.ts';
import type { ConvertedRecord, RejectedRecord } from '../contract/schema.ts';
import { convertOrReject, type Converter } from './convert-or-reject.ts';
import { recordId } from './values/record-id.ts';

/** Records of one batch as they come: those that were converted and those that could not be. */
export interface SortedOut {
  /** `text` is the record's text as it came, UTF-8, where it is known. */
  take(given: unknown, text?: Uint8Array): void;
  readonly size: () => number;
  readonly records: () => readonly ConvertedRecord[];
  readonly rejected: () => readonly RejectedRecord[];
  /**
   * What keeps a full scan from being whole: a record without an id may be any of the rows that were not found. None
   * for an incremental one, which deletes nothing.
   */
  readonly gaps: (mode: ScanMode) => readonly string[];
}

/**
 * Sorts out the records of one batch. What was read last of a record counts, whether it could be converted or not. `idOf`
 * finds the id of one that could not be; by default it is its `id`.
 */
export function sortOut(
  convert: Converter,
  hashOf: (record: unknown) => string,
  idOf: (given: unknown) => string | null = recordId,
): SortedOut {
  const records = new Map<string, ConvertedRecord>();
  const rejected = new Map<string, RejectedRecord>();
  return {
    take(given, text) {
      const { kind, record } = convertOrReject(convert, hashOf, given, text);
      const id = kind === 'converted' ? record.id : idOf(given);
      const key = id ?? record.hash;
      records.delete(key);
      rejected.delete(key);
      if (kind === 'converted') records.set(key, record);
      else rejected.set(key, { ...record, id });
    },
    size: () => records.size + rejected.size,
    records: () => [...records.values()],
    rejected: () => [...rejected.values()],
    gaps: (mode) =>
      mode === 'full' && [...rejected.values()].some(({ id }) => id === null) ? [UNIDENTIFIED] : [],
  };
}
