import { createHash } from 'node:crypto';
import type { ConvertedRecord, RejectedRecord } from '../contract/schema.ts';
import { SyncFailure } from '../errors.ts';
import { jsonOfAnyDepth } from './values/json-depth.ts';
import { recordId } from './values/record-id.ts';

/**
 * How a platform converts records: throws for one that it cannot convert. `text` is the record as it came, UTF-8, for
 * platforms that know it.
 */
export type Converter = (record: unknown, text?: Uint8Array) => ConvertedRecord;

export type Conversion =
  | { readonly kind: 'converted'; readonly record: ConvertedRecord }
  | { readonly kind: 'rejected'; readonly record: RejectedRecord };

/**
 * Converts one record. Whatever is thrown becomes a rejection of this one record, so that the rest of its
 * batch goes on. `hashOf` is the platform's digest of a record's content.
 */
export function convertOrReject(
  convert: Converter,
  hashOf: (record: unknown) => string,
  record: unknown,
  text?: Uint8Array,
): Conversion {
  try {
    return { kind: 'converted', record: convertChecked(convert, record, text) };
  } catch (thrown) {
    const raw = jsonOfAnyDepth(record);
    const rejected = { id: recordId(record), raw, hash: '', reason: rejectionReason(thrown) };
    return { kind: 'rejected', record: { ...rejected, hash: hashOrDigest(hashOf, record, raw) } };
  }
}

/** A platform may take for an id what Postgres refuses for the whole batch, or what would be one row for many records. */
function convertChecked(convert: Converter, record: unknown, text?: Uint8Array): ConvertedRecord {
  const converted = convert(record, text);
  if (recordId(converted) !== null) return converted;
  throw new SyncFailure('InvalidAnswer', 'its id cannot be the key of a row');
}

/** Why a record was not converted. What was thrown may quote values: only our own words are repeated. */
export function rejectionReason(thrown: unknown): string {
  if (thrown instanceof SyncFailure) return thrown.message;
  if (thrown instanceof RangeError) return 'it is nested too deeply, or too long, to be converted';
  return `converting it failed (${thrown instanceof Error ? thrown.name : typeof thrown})`;
}

/** Converts a record that was stored as JSON text; gives the reason when that does not work. */
export function convertStored(
  convert: Converter,
  raw: string,
):
  | { readonly kind: 'converted'; readonly record: ConvertedRecord }
  | { readonly kind: 'rejected'; readonly reason: string } {
  try {
    return { kind: 'converted', record: convertChecked(convert, JSON.parse(raw)) };
  } catch (thrown) {
    return { kind: 'rejected', reason: rejectionReason(thrown) };
  }
}

/** What the platform's hash cannot deal with either is known by its text as it came. */
function hashOrDigest(hashOf: (record: unknown) => string, record: unknown, raw: string): string {
  try {
    return hashOf(record);
  } catch {
    return createHash('sha1').update(raw).digest('base64');
  }
}
