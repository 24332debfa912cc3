import type { ColumnType } from '../../contract/schema.ts';
import { momentText } from '../values/calendar.ts';
import { jsonbDoubt } from '../values/json-depth.ts';
import { isObject } from '../values/json-object.ts';
import { cleanText, jsonText, numberText, textArray } from '../values/postgres-text.ts';

/** A value that its column cannot hold. The reason holds nothing of the value. */
export class Unfit {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A value in Postgres text form; null for an empty one. */
export type ToText = (value: unknown) => string | null | Unfit;

/**
 * How cells become values of a column. Airtable leaves empty cells out, which makes them NULL, and so does
 * an empty text or list that is sent all the same. A checkbox that is left out is not ticked.
 */
export function valueText(columnType: ColumnType): ToText {
  const toText = TEXT_OF[columnType];
  const empty = columnType === 'boolean' ? 'f' : null;
  return (value) => {
    if (value === undefined || value === null || value === '') return empty;
    if (Array.isArray(value) && value.length === 0) return empty;
    return failedComputation(value) ?? toText(value);
  };
}

const TEXT_OF: Readonly<Record<ColumnType, (value: unknown) => string | Unfit>> = {
  text: (value) => (typeof value === 'string' ? cleanText(value) : unfit(value, 'a text')),
  numeric: numeric,
  boolean: (value) => (typeof value === 'boolean' ? (value ? 't' : 'f') : unfit(value, 'true')),
  date: (value) => momentText(value)?.slice(0, 10) ?? unfit(value, 'a date'),
  timestamptz: (value) => momentText(value) ?? unfit(value, 'a time'),
  'text[]': list,
  jsonb: (value) => {
    const doubt = jsonbDoubt(value);
    return doubt === null ? jsonText(withoutPictures(value)) : new Unfit(doubt);
  },
};

/** What a formula that failed gives instead of a value: `{"error":"#ERROR!"}`, `{"specialValue":"NaN"}`. */
function failedComputation(value: unknown): Unfit | null {
  if (!isObject(value) || Object.keys(value).length !== 1) return null;
  const { error, specialValue } = value;
  const said = typeof error === 'string' ? error : specialValue;
  return typeof said === 'string' ? new Unfit(cleanText(said.slice(0, 100))) : null;
}

/** Formulas that are declared as numbers give `true` for 1. */
function numeric(value: unknown): string | Unfit {
  if (typeof value === 'boolean') return value ? '1' : '0';
  const text = typeof value === 'number' ? numberText(value) : null;
  return text ?? unfit(value, 'a number');
}

function list(value: unknown): string | Unfit {
  const isList = Array.isArray(value) && value.every((item) => item === null || isText(item));
  return isList ? textArray(value as (string | null)[]) : unfit(value, 'a list of texts');
}

const isText = (value: unknown) => typeof value === 'string';

/** Links to pictures of people expire, as all of Airtable's links do, and say nothing of a record. */
function withoutPictures(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPictures);
  if (!isObject(value) || value['profilePicUrl'] === undefined) return value;
  const { profilePicUrl: _, ...person } = value;
  return person;
}

function unfit(value: unknown, wanted: string): Unfit {
  const given = Array.isArray(value)
    ? 'a list'
    : isObject(value)
      ? 'an object'
      : `a ${typeof value}`;
  return new Unfit(typeof value === 'string' ? `not ${wanted}` : `${given}, not ${wanted}`);
}
