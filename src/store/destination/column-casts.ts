import type { ColumnType } from '../../contract/schema.ts';

/** Makes an SQL expression of another type from one of a given type. */
type Cast = (value: string) => string;

const TEXTS = /^(text|character varying|character|citext)\b(?!.*\])/;
const INTEGERS = /^(smallint|integer|bigint)$/;
const NUMBERS = /^(numeric|smallint|integer|bigint|real|double precision)\b(?!.*\])/;
const TIMES = /^timestamp(\(\d\))? without time zone$/;
const MOMENTS = /^timestamp(tz|\(\d\) with time zone)$/;

/** A number as people and platforms write it; short enough that no cast of it can fail. */
const NUMBER = `'^\\s*[+-]?(\\d{1,50}(\\.\\d{0,50})?|\\.\\d{1,50})([eE][+-]?\\d{1,2})?\\s*$'`;

const numberOf: Cast = (value) => `case when ${value} ~ ${NUMBER} then (${value})::numeric end`;

/** What a JSON value is when it is a plain one. */
const scalar: Cast = (value) =>
  `case when jsonb_typeof(${value}) in ('string', 'number', 'boolean') then ${value} #>> '{}' end`;

/**
 * From which types (as in table-state.ts) a value of a type can be had in an obvious way. Every cast is total:
 * what does not fit becomes NULL, because one value that fails would keep the whole table from changing.
 */
const CASTS: Readonly<Record<ColumnType, readonly (readonly [RegExp, Cast])[]>> = {
  text: [
    [TEXTS, (value) => `(${value})::text`],
    [NUMBERS, (value) => `(${value})::text`],
    [/^(boolean|date|uuid)$/, (value) => `(${value})::text`],
    [MOMENTS, (value) => `to_char(${value} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`],
    [/^text\[\]$/, (value) => `array_to_string(${value}, ', ')`],
    [/^jsonb$/, scalar],
  ],
  numeric: [
    [NUMBERS, (value) => `(${value})::numeric`],
    [/^boolean$/, (value) => `(${value})::integer::numeric`],
    [TEXTS, numberOf],
    [/^jsonb$/, (value) => numberOf(`(${value} #>> '{}')`)],
  ],
  boolean: [
    [/^boolean$/, (value) => value],
    [TEXTS, (value) => `case lower(${value}) when 'true' then true when 'false' then false end`],
    [NUMBERS, (value) => `case ${value} when 1 then true when 0 then false end`],
    [
      /^jsonb$/,
      (value) => `case ${value} when 'true'::jsonb then true when 'false'::jsonb then false end`,
    ],
  ],
  date: [
    [MOMENTS, (value) => `(${value} at time zone 'UTC')::date`],
    [TIMES, (value) => `(${value})::date`],
  ],
  timestamptz: [
    [/^date$/, (value) => `(${value})::timestamp at time zone 'UTC'`],
    [TIMES, (value) => `(${value}) at time zone 'UTC'`],
    [MOMENTS, (value) => `(${value})::timestamptz`],
  ],
  'text[]': [
    [/^(text|character varying)\[\]$/, (value) => `(${value})::text[]`],
    [TEXTS, (value) => `case when ${value} <> '' then array[(${value})::text] end`],
    [INTEGERS, (value) => `array[(${value})::text]`],
  ],
  // Whatever Postgres can show as JSON; `json` may hold escapes that jsonb refuses.
  jsonb: [[/^(?!json(?!b))/, (value) => `to_jsonb(${value})`]],
};

/**
 * The expression that makes `value`, of type `from`, a value of type `to` where that is obvious (`12` → `'12'`,
 * `'12'` → `12`, an option → a list of one), and NULL where it is not.
 */
export function obviousCast(value: string, from: string, to: ColumnType): string {
  if (from === to) return value;
  const cast = CASTS[to].find(([pattern]) => pattern.test(from))?.[1];
  return cast === undefined ? `null::${to}` : cast(value);
}
