import type { ColumnType } from '../../contract/schema.ts';
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
  date: (plain) => timeText(plain) ?? expected('a date'),
  timestamptz: (plain) => timeText(plain) ?? expected('a time'),
  jsonb: jsonText,
  'text[]': (plain) => (isTexts(plain) ? textArray(plain) : expected('a list of texts')),
};

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** An ISO time that Postgres reads as it stands; null for anything else. */
export function timeText(value: unknown): string | null {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : null;
}

/** How values of a property type become text of a column type, from what stands under the type's name. */
export function valueText(
  type: string,
  columnType: ColumnType,
): (payload: unknown) => string | null | Unfit {
  const unwrap = unwrapper(type);
  const encode = ENCODERS[columnType];
  return (payload) => {
    const plain = unwrap(payload);
    return plain === null || plain instanceof Unfit ? plain : encode(plain);
  };
}
