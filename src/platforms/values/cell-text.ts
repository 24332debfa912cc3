import type { ColumnType } from '../../contract/schema.ts';
import { calendarKind, momentText } from './calendar.ts';
import { jsonbDoubt } from './json-depth.ts';
import { cleanText, jsonText, numberText, textArray } from './postgres-text.ts';

/**
 * A JSON value in the text form that Postgres reads for a column: null for no value, undefined for one that the column
 * cannot hold. For platforms whose values are what they seem: a number for a numeric column, and so on.
 */
export function cellText(value: unknown, type: ColumnType): string | null | undefined {
  if (value === null || value === undefined) return null;
  switch (type) {
    case 'jsonb':
      return jsonbDoubt(value) === null ? jsonText(value) : undefined;
    case 'numeric':
      return typeof value === 'number' ? (numberText(value) ?? undefined) : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? String(value) : undefined;
    case 'text[]':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
        ? textArray(value)
        : undefined;
    case 'date':
      return typeof value === 'string' && calendarKind(value) === 'day' ? value : undefined;
    case 'timestamptz':
      return momentText(value) ?? undefined;
    case 'text':
      return typeof value === 'string' ? cleanText(value) : undefined;
  }
}
