import { isObject } from '../exchange.ts';
import { validation } from './errors.ts';
import type { NotionProperty } from './properties.ts';
import { isRichText, plainText } from './rich-text.ts';
import { onlyEntry, timeCondition } from './time-conditions.ts';

export interface ConditionContext {
  readonly now: () => number;
  readonly path: string;
}

type Condition = (value: unknown) => boolean;

/** Types whose filters are named otherwise than the type itself. */
const FILTER_NAMES: Readonly<Record<string, string>> = {
  unique_id: 'unique_id',
  created_by: 'people',
  last_edited_by: 'people',
};

/**
 * Compiles the condition of a property filter, e.g. `{contains: "x"}` for a rich_text property.
 * `does_not_equal` and `does_not_contain` include empty cells, as recorded from live queries.
 */
export function propertyCondition(
  property: NotionProperty,
  type: string,
  condition: unknown,
  context: ConditionContext,
): Condition {
  const expected = FILTER_NAMES[property.type] ?? property.type;
  if (type !== expected && type !== property.type) {
    throw validation(
      `The property type in the database does not match the property type of the filter provided: database property ${property.type} does not match filter ${type}`,
    );
  }
  return forType(property.type, condition, context);
}

function forType(type: string, condition: unknown, context: ConditionContext): Condition {
  switch (type) {
    case 'formula':
    case 'rollup':
      return nested(condition, context);
    case 'date':
      return overTime(condition, context, (value) => (isObject(value) ? value.start : null));
    case 'created_time':
    case 'last_edited_time':
      return overTime(condition, context, (value) => value);
    default: {
      const [operator, operand] = onlyEntry(condition, context.path);
      return byOperator(type, operator, operand, context.path);
    }
  }
}

/** `{formula: {number: {…}}}`: the condition applies to the result of the named type. */
function nested(condition: unknown, context: ConditionContext): Condition {
  const [kind, inner] = onlyEntry(condition, context.path);
  const type = { string: 'rich_text', boolean: 'checkbox' }[kind] ?? kind;
  const accepts = forType(type, inner, { ...context, path: `${context.path}.${kind}` });
  const key = kind === 'checkbox' ? 'boolean' : kind;
  return (value) => accepts(isObject(value) ? (value[key] ?? null) : null);
}

function overTime(
  condition: unknown,
  context: ConditionContext,
  start: (value: unknown) => unknown,
): Condition {
  const accepts = timeCondition(condition, context.now, context.path);
  return (value) => {
    const text = start(value);
    return accepts(typeof text === 'string' ? Date.parse(text) : null);
  };
}

/** What a cell is compared as: texts, numbers, the names or ids of what it lists. */
function comparable(type: string, value: unknown): readonly (string | number | boolean)[] {
  if (value === null || value === undefined) return [];
  if (isRichText(value)) return value.length === 0 ? [] : [plainText(value)];
  if (Array.isArray(value)) return value.flatMap((item) => comparable(type, item));
  if (isObject(value)) {
    const named = type === 'select' || type === 'status' || type === 'multi_select';
    const key = named ? value.name : (value.id ?? value.number ?? value.state ?? value.name);
    return typeof key === 'string' || typeof key === 'number' ? [key] : [];
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? [value]
    : [];
}

const LISTS = new Set(['multi_select', 'relation', 'people', 'created_by', 'last_edited_by']);

function byOperator(type: string, operator: string, operand: unknown, path: string): Condition {
  const cells = (value: unknown) => comparable(type, value);
  const wanted = Array.isArray(operand) ? operand : [operand];
  const text = (value: unknown) => String(cells(value)[0] ?? '');
  const number = (value: unknown) => Number(cells(value)[0] ?? Number.NaN);
  const bound = Number(operand);
  const lower = String(operand).toLowerCase();
  const contains = LISTS.has(type)
    ? (value: unknown) => cells(value).some((cell) => wanted.includes(cell))
    : (value: unknown) => text(value).toLowerCase().includes(lower);
  const conditions: Readonly<Record<string, Condition>> = {
    equals: (value) => cells(value).some((cell) => wanted.includes(cell)),
    does_not_equal: (value) => !cells(value).some((cell) => wanted.includes(cell)),
    contains,
    does_not_contain: (value) => !contains(value),
    starts_with: (value) => text(value).toLowerCase().startsWith(lower),
    ends_with: (value) => text(value).toLowerCase().endsWith(lower),
    is_empty: (value) => cells(value).length === 0,
    is_not_empty: (value) => cells(value).length > 0,
    greater_than: (value) => number(value) > bound,
    less_than: (value) => number(value) < bound,
    greater_than_or_equal_to: (value) => number(value) >= bound,
    less_than_or_equal_to: (value) => number(value) <= bound,
  };
  const found = conditions[operator];
  if (found === undefined) {
    throw validation(`body failed validation: ${path}.${operator} should be not present.`);
  }
  return found;
}
