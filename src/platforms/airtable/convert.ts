import type { Column, ConvertedRecord } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import { isObject } from '../values/json-object.ts';
import { momentText } from '../values/calendar.ts';
import { recordHash, type StablePart } from '../values/record-hash.ts';
import { recordId } from '../values/record-id.ts';
import { tellsEditTime } from './field-types.ts';
import { Unfit, valueText } from './field-values.ts';

/**
 * A conversion of records into rows of these columns. Fields are found by id; those without a column
 * are left to `raw`. It throws for nothing but a record without an id.
 */
export function createConverter(columns: readonly Column[]): (record: unknown) => ConvertedRecord {
  const cells = columns.map(({ id, column_type }) => ({ id, toText: valueText(column_type) }));
  const editTime = columns.find(tellsEditTime);
  return (record) => {
    const recId = recordId(record);
    if (!isObject(record) || recId === null) {
      throw new SyncFailure('InvalidAnswer', 'Airtable gave a record without an id');
    }
    const fields = isObject(record['fields']) ? record['fields'] : {};
    let errors: Record<string, string> | null = null;
    const values = cells.map(({ id, toText }) => {
      const text = toText(Object.hasOwn(fields, id) ? fields[id] : undefined);
      if (!(text instanceof Unfit)) return text;
      errors = { ...errors, [id]: text.reason };
      return null;
    });
    return {
      id: recId,
      created_at: momentText(record['createdTime']),
      edited_at: editTime === undefined ? null : momentText(fields[editTime.id]),
      values,
      errors,
      truncated: [],
      raw: JSON.stringify(record),
      hash: contentHash(record),
    };
  };
}

/** The digest of a record's content, of whatever came in its place. Throws RangeError for what is too deep. */
export const contentHash = (record: unknown): string => recordHash(record, withoutLinks);

/**
 * Links to attachments, their previews and pictures of people are made anew for every answer: they are
 * no part of a record's content. Previews are made from the attachment, some time after it.
 */
const withoutLinks: StablePart = (object) => {
  const { id } = object;
  if (typeof id !== 'string') return object;
  if (id.startsWith('att') && 'url' in object) {
    const { url: _url, thumbnails: _thumbnails, ...attachment } = object;
    return attachment;
  }
  if (!('profilePicUrl' in object)) return object;
  const { profilePicUrl: _picture, ...person } = object;
  return person;
};
