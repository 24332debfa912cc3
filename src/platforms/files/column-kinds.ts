import type { ColumnType } from '../../contract/schema.ts';
import { calendarKind } from '../values/calendar.ts';

/** What the values of a column are, each a bit: a column's kinds are those of all its values. */
export const KIND = {
  number: 1,
  boolean: 2,
  day: 4,
  moment: 8,
  json: 16,
  text: 32,
  /** A text of many digits, which JSON gives for a number that is too long for JavaScript. */
  digits: 64,
} as const;

/** A decimal that Postgres writes as it stands here: no sign but `-`, no leading zero, no exponent. */
const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const NEGATIVE_ZERO = /^-0(?:\.0*)?$/;
const LONGEST_DECIMAL = 100;
const BOOLEAN = /^(?:true|false)$/i;

/** A moment as ISO 8601 has it, also one that databases write: `2024-01-31 10:00:00+02`. */
export const asIso = (text: string): string =>
  text.replace(/^(\d{4}-\d\d-\d\d) /, '$1T').replace(/(:\d\d(?:\.\d+)?[+-]\d\d)$/, '$1:00');

/** The kind of a cell that is not empty. */
export function cellKind(cell: string): number {
  const first = cell.charCodeAt(0);
  // A digit or a minus.
  if ((first >= 48 && first <= 57) || first === 45) {
    const isDecimal = cell.length <= LONGEST_DECIMAL && DECIMAL.test(cell);
    if (isDecimal && !NEGATIVE_ZERO.test(cell)) return KIND.number;
    return calendarKindBit(cell);
  }
  if (BOOLEAN.test(cell)) return KIND.boolean;
  return isJson(cell) ? KIND.json : KIND.text;
}

/** The kind of a JSON value that is not null. */
export function valueKind(value: unknown): number {
  switch (typeof value) {
    case 'number':
      return KIND.number;
    case 'boolean':
      return KIND.boolean;
    case 'string':
      return /^-?[\d.]{16,}$/.test(value) ? KIND.digits : calendarKindBit(value);
    default:
      return KIND.json;
  }
}

function calendarKindBit(text: string): number {
  const kind = calendarKind(asIso(text));
  return kind === 'day' ? KIND.day : kind === 'moment' ? KIND.moment : KIND.text;
}

function isJson(cell: string): boolean {
  if (!/^[[{]/.test(cell)) return false;
  try {
    JSON.parse(cell);
    return true;
  } catch {
    return false;
  }
}

const TYPES = new Map<number, ColumnType>([
  [KIND.number, 'numeric'],
  [KIND.number | KIND.digits, 'numeric'],
  [KIND.boolean, 'boolean'],
  [KIND.day, 'date'],
  [KIND.moment, 'timestamptz'],
  [KIND.json, 'jsonb'],
]);

/** The type that holds all values of these kinds exactly. */
export function typeOf(kinds: number, isJsonFormat: boolean): ColumnType {
  if (isJsonFormat && (kinds & KIND.json) !== 0) return 'jsonb';
  return TYPES.get(kinds) ?? 'text';
}
