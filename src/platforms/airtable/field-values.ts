import type { ColumnType } from '../../contract/schema.ts';
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
 * How cells become values of a column. Airtable leaves empty cells out, which makes them NULL, with one
 * exception: a checkbox that is left out is not ticked.
 */
export function valueText(columnType: ColumnType): ToText {
  const toText = TEXT_OF[columnType];
  const empty = columnType === 'boolean' ? 'f' : null;
  return (value) => {
    if (value === undefined || value === null) return empty;
    return failedComputation(value) ?? toText(value);
  };
}

const TEXT_OF: Readonly<Record<ColumnType, (value: unknown) => string | Unfit>> = {
  text: (value) => (typeof value === 'string' ? cleanText(value) : unfit(value, 'a text')),
  numeric: numeric,
  boolean: (value) => (typeof value === 'boolean' ? (value ? 't' : 'f') : unfit(value, 'true')),
  date: (value) => (isTime(value) ? value.slice(0, 10) : unfit(value, 'a date')),
  timestamptz: timestamp,
  'text[]': list,
  jsonb: (value) => jsonText(withoutPictures(value)),
};

/** What a formula that failed gives instead of a value: `{"error":"#ERROR!"}`, `{"specialValue":"NaN"}`. */
function failedComputation(value: unknown): Unfit | null {
  if (!isObject(value)) return null;
  const { error, specialValue } = value;
  const said = typeof error === 'string' ? error : specialValue;
  return typeof said === 'string' ? new Unfit(cleanText(said).slice(0, 100)) : null;
}

/** Formulas that are declared as numbers give `true` for 1. */
function numeric(value: unknown): string | Unfit {
  if (typeof value === 'boolean') return value ? '1' : '0';
  const text = typeof value === 'number' ? numberText(value) : null;
  return text ?? unfit(value, 'a number');
}

function timestamp(value: unknown): string | Unfit {
  if (!isTime(value)) return unfit(value, 'a time');
  return value.length === 10 ? `${value}T00:00:00.000Z` : value;
}

function list(value: unknown): string | Unfit {
  const isList = Array.isArray(value) && value.every((item) => item === null || isText(item));
  return isList ? textArray(value as (string | null)[]) : unfit(value, 'a list of texts');
}

const isText = (value: unknown) => typeof value === 'string';

const TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:T([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:0\d|1[0-4]):?[0-5]\d))?$/;

/** A date, or a time with its zone, that the calendar and Postgres know: years 1 to 9999. */
function isTime(value: unknown): value is string {
  const parts = typeof value === 'string' ? TIME.exec(value) : null;
  if (parts === null) return false;
  const [year = 0, month = 0, day = 0] = parts.slice(1, 4).map(Number);
  return year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}

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
