import type { ColumnType } from '../../contract/schema.ts';
import { calendarKind } from '../values/calendar.ts';
import { jsonbDoubt } from '../values/json-depth.ts';
import { cleanText, jsonText, numberText, textArray } from '../values/postgres-text.ts';
import { asIso } from './column-kinds.ts';

/** Why a value cannot be held by its column, in words that hold nothing of it. */
export class Unfit {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Makes the text form that Postgres reads of a value that is not null. */
export type ToText = (value: unknown) => string | Unfit;

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const TRUE = /^(?:true|t|yes|y|1)$/i;
const FALSE = /^(?:false|f|no|n|0)$/i;

const plainText = (value: unknown): string =>
  typeof value === 'string' ? cleanText(value) : jsonText(value);

function numeric(value: unknown): string | Unfit {
  if (typeof value === 'number') return numberText(value) ?? new Unfit('no finite number');
  return typeof value === 'string' && NUMBER.test(value.trim())
    ? value.trim()
    : new Unfit('no number');
}

function boolean(value: unknown): string | Unfit {
  if (typeof value === 'boolean') return value ? 't' : 'f';
  const text = String(value);
  return TRUE.test(text) ? 't' : FALSE.test(text) ? 'f' : new Unfit('neither true nor false');
}

function date(value: unknown): string | Unfit {
  return typeof value === 'string' && calendarKind(value) === 'day'
    ? value
    : new Unfit('no date such as 2024-01-31');
}

/** A time without a zone is only met where a person gave the type: it counts as UTC. */
function moment(value: unknown): string | Unfit {
  const text = typeof value === 'string' ? asIso(value) : '';
  switch (calendarKind(text)) {
    case 'moment':
      return text;
    case 'local time':
      return `${text}Z`;
    case 'day':
      return `${text}T00:00:00Z`;
    case null:
      return new Unfit('no time such as 2024-01-31T10:00:00Z');
  }
}

function json(value: unknown): string | Unfit {
  const doubt = jsonbDoubt(value);
  return doubt === null ? jsonText(value) : new Unfit(doubt);
}

/** What a cell says as JSON keeps its digits: the text itself is handed on, unless it holds what Postgres refuses. */
function jsonOfCell(value: unknown): string | Unfit {
  try {
    const text = String(value);
    const parsed: unknown = JSON.parse(text);
    const doubt = jsonbDoubt(parsed);
    if (doubt !== null) return new Unfit(doubt);
    return /\\u|[\0\p{Surrogate}]/u.test(text) ? jsonText(parsed) : text;
  } catch {
    return new Unfit('no JSON');
  }
}

function list(value: unknown): string | Unfit {
  try {
    const items: unknown = typeof value === 'string' ? JSON.parse(value) : value;
    if (Array.isArray(items)) return textArray(items.map((item) => textOrNull(item)));
  } catch {
    // No JSON.
  }
  return new Unfit('no list');
}

const textOrNull = (item: unknown) => (item === null ? null : plainText(item));

/** How values become cells of a column. `isJsonFormat`: they are JSON values, not cells of a CSV file. */
export function toTextOf(type: ColumnType, isJsonFormat: boolean): ToText {
  switch (type) {
    case 'text':
      return plainText;
    case 'numeric':
      return numeric;
    case 'boolean':
      return boolean;
    case 'date':
      return date;
    case 'timestamptz':
      return moment;
    case 'jsonb':
      return isJsonFormat ? json : jsonOfCell;
    case 'text[]':
      return list;
  }
}
