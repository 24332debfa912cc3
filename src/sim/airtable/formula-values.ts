import type { SimRow } from '../rows.ts';
import type { Formula, FunctionName } from './formula.ts';
import { invalidFormula } from './errors.ts';

/** What a formula is evaluated over. */
export interface FormulaContext {
  readonly row: SimRow;
  /** A cell by the name or id of its field; empty cells are undefined. */
  readonly cell: (name: string) => unknown;
  /** Time of the last edit, of all fields or of the named ones; 0 when there was none. */
  readonly modified: (fields: readonly string[]) => number;
  readonly blankTimes: 'earliest' | 'never before';
}

/** A time is a Date, so that it is neither a number nor a text. */
type Value = string | number | boolean | Date | null | readonly unknown[];

/** Whether a record passes: falsy results (0, "", blank, empty lists) exclude it. */
export function passes(formula: Formula, context: FormulaContext): boolean {
  return truthy(evaluate(formula, context));
}

function truthy(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'number') return value !== 0 && !Number.isNaN(value);
  return value instanceof Date || Boolean(value);
}

function evaluate(formula: Formula, context: FormulaContext): Value {
  switch (formula.kind) {
    case 'literal':
      return formula.value;
    case 'field':
      return asValue(context.cell(formula.name));
    case 'comparison':
      return compare(
        formula.operator,
        evaluate(formula.left, context),
        evaluate(formula.right, context),
      );
    case 'call':
      return call(formula.name, formula.args, context);
  }
}

function asValue(cell: unknown): Value {
  if (typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'boolean')
    return cell;
  return Array.isArray(cell) ? cell : null;
}

const asText = (value: Value): string => {
  if (value === null) return '';
  if (Array.isArray(value)) return value.map(String).join(', ');
  return value instanceof Date ? value.toISOString() : String(value);
};

function compare(operator: string, left: Value, right: Value): boolean {
  const numbers = typeof left === 'number' && typeof right === 'number';
  const a = numbers ? left : asText(left);
  const b = numbers ? right : asText(right);
  switch (operator) {
    case '=':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '>':
      return a > b;
    case '<=':
      return a <= b;
    default:
      return a >= b;
  }
}

function call(name: FunctionName, args: readonly Formula[], context: FormulaContext): Value {
  const value = (place: number): Value => {
    const argument = args[place];
    if (argument === undefined) throw invalidFormula('please check your formula text.');
    return evaluate(argument, context);
  };
  switch (name) {
    case 'AND':
      return args.every((argument) => passes(argument, context));
    case 'OR':
      return args.some((argument) => passes(argument, context));
    case 'NOT':
      return !truthy(value(0));
    case 'TRUE':
    case 'FALSE':
      return name === 'TRUE';
    case 'BLANK':
      return null;
    case 'RECORD_ID':
      return context.row.id;
    case 'CREATED_TIME':
      return new Date(context.row.created);
    case 'LAST_MODIFIED_TIME':
      return lastModified(args, context);
    case 'DATETIME_PARSE':
      return time(value(0));
    default:
      return compareTimes(name, time(value(0)), time(value(1)), context.blankTimes);
  }
}

function lastModified(args: readonly Formula[], context: FormulaContext): Date | null {
  const names = args.map((argument) => {
    if (argument.kind === 'field') return argument.name;
    throw invalidFormula('please check your formula text.');
  });
  const modified = context.modified(names);
  return modified === 0 ? null : new Date(modified);
}

function time(value: Value): Date | null {
  if (value instanceof Date) return value;
  if (typeof value !== 'string') return null;
  const parsed = new Date(value);
  return Number.isNaN(parsed.getTime()) ? null : parsed;
}

/** How a blank time compares is undocumented, so it is a knob. */
function compareTimes(
  name: FunctionName,
  left: Date | null,
  right: Date | null,
  blankTimes: 'earliest' | 'never before',
): boolean {
  if (blankTimes === 'never before' && (left === null || right === null)) return false;
  const a = left?.getTime() ?? Number.NEGATIVE_INFINITY;
  const b = right?.getTime() ?? Number.NEGATIVE_INFINITY;
  if (name === 'IS_BEFORE') return a < b;
  return name === 'IS_AFTER' ? a > b : a === b;
}
