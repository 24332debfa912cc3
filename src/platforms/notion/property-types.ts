import type { ColumnType } from '../../contract/schema.ts';

/** The column type of each property type; docs/data-model.md has the reasons. */
const COLUMN_TYPES: ReadonlyMap<string, ColumnType> = new Map(
  Object.entries<ColumnType>({
    title: 'text',
    rich_text: 'text',
    number: 'numeric',
    select: 'text',
    status: 'text',
    multi_select: 'text[]',
    checkbox: 'boolean',
    url: 'text',
    email: 'text',
    phone_number: 'text',
    unique_id: 'text',
    created_time: 'timestamptz',
    last_edited_time: 'timestamptz',
    relation: 'text[]',
    date: 'jsonb',
    people: 'jsonb',
    created_by: 'jsonb',
    last_edited_by: 'jsonb',
    files: 'jsonb',
    formula: 'jsonb',
    verification: 'jsonb',
    place: 'jsonb',
    button: 'jsonb',
  }),
);

/** Types of properties that are known, whatever column they get. */
export const KNOWN_TYPES: ReadonlySet<string> = new Set([...COLUMN_TYPES.keys(), 'rollup']);

/** Rollup functions whose result is a number whatever they are applied to. */
const NUMERIC_ROLLUPS: ReadonlySet<string> = new Set([
  'count',
  'count_values',
  'empty',
  'not_empty',
  'unique',
  'checked',
  'unchecked',
  'percent_empty',
  'percent_not_empty',
  'percent_checked',
  'percent_unchecked',
  'sum',
  'average',
  'median',
  'min',
  'max',
  'range',
]);

/** A property as `data_sources/{id}` describes it: `{id, name, type, <type>: {…}}`. */
export type PropertyConfig = Readonly<Record<string, unknown>> & { readonly type: string };

/** The column type for a property. A type that is not known yet is kept as jsonb. */
export function columnTypeOf(config: PropertyConfig): ColumnType {
  if (config.type === 'rollup') return isNumericRollup(config['rollup']) ? 'numeric' : 'jsonb';
  return COLUMN_TYPES.get(config.type) ?? 'jsonb';
}

function isNumericRollup(rollup: unknown): boolean {
  if (typeof rollup !== 'object' || rollup === null || !('function' in rollup)) return false;
  return typeof rollup.function === 'string' && NUMERIC_ROLLUPS.has(rollup.function);
}

/**
 * A property id in the one form that is stored: decoded. Notion gives ids encoded (`%3AUPp`) in
 * properties and decoded in rollup configurations; decoded they can be compared, and encoding them
 * once gives what a path needs. What does not decode was never encoded.
 */
export function propertyId(id: string): string {
  if (!id.includes('%')) return id;
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
