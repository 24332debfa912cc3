import { describe, expect, test } from '@jest/globals';
import type { ConvertedRecord } from '../../src/contract/schema.ts';
import { convertOrReject, convertStored } from '../../src/platforms/convert-or-reject.ts';
import { sortOut } from '../../src/platforms/sort-out.ts';

/** A platform that takes any id for one. */
const convert = (record: unknown): ConvertedRecord => ({
  id: (record as { readonly id: string }).id,
  created_at: null,
  edited_at: null,
  values: [],
  errors: null,
  truncated: [],
  raw: JSON.stringify(record),
  hash: 'digest',
});
const hashOf = () => 'digest';
const REASON = 'its id cannot be the key of a row';

describe('a record that a platform converts though its id can be no key', () => {
  const ids: readonly unknown[] = ['', 'x'.repeat(256), 'a\0b', '\ud800', 7, null];

  test.each(ids)('is rejected: %j', (id) => {
    expect(convertOrReject(convert, hashOf, { id })).toEqual({
      kind: 'rejected',
      record: { id: null, raw: JSON.stringify({ id }), hash: 'digest', reason: REASON },
    });
    expect(convertStored(convert, JSON.stringify({ id }))).toEqual({
      kind: 'rejected',
      reason: REASON,
    });
  });

  test('leaves the others of its batch alone, and a full scan in doubt', () => {
    const sorted = sortOut(convert, hashOf);
    for (const id of ['a', 'a\0b', 'b']) sorted.take({ id });
    expect(sorted.records().map(({ id }) => id)).toEqual(['a', 'b']);
    expect(sorted.rejected()).toHaveLength(1);
    expect(sorted.gaps('full')).toHaveLength(1);
  });
});
