import type { ColumnType } from '../../contract/schema.ts';
import { momentText } from '../values/calendar.ts';
import { jsonbDoubt } from '../values/json-depth.ts';
import { cleanText, jsonText, numberText, textArray } from '../values/postgres-text.ts';
import { Unfit, unwrapper } from './property-values.ts';

type Encode = (plain: unknown) => string | Unfit;

const expected = (what: string) => new Unfit(`not ${what}, as the column needs`);

/** What each column type makes of a plain value. */
const ENCODERS: Readonly<Record<ColumnType, Encode>> = {
  text: (plain) => (typeof plain === 'string' ? cleanText(plain) : expected('a text')),
  numeric: (plain) =>
    (typeof plain === 'number' ? numberText(plain) : null) ?? expected('a finite number'),
  boolean: (plain) => (typeof plain === 'boolean' ? (plain ? 't' : 'f') : expected('a boolean')),
  date: (plain) => momentText(plain)?.slice(0, 10) ?? expected('a date'),
  timestamptz: (plain) => momentText(plain) ?? expected('a time'),
  jsonb: (plain) => {
    const doubt = jsonbDoubt(plain);
    return doubt === null ? jsonText(plain) : new Unfit(doubt);
  },
  'text[]': (plain) => (isTexts(plain) ? textArray(plain) : expected('a list of texts')),
};

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/**
 * How values of a property type become text of a column type, from what stands under the type's name.
 * Notion does not tell an empty text or list from none: both are NULL, whatever the type.
 */
export function valueText(
  type: string,
  columnType: ColumnType,
): (payload: unknown) => string | null | Unfit {
  const unwrap = unwrapper(type);
  const encode = ENCODERS[columnType];
  return (payload) => {
    const plain = unwrap(payload);
    if (plain === null || plain === '' || plain instanceof Unfit)
      return plain === '' ? null : plain;
    return Array.isArray(plain) && plain.length === 0 ? null : encode(plain);
  };
}
