import { isObject } from '../exchange.ts';
import { validation } from './errors.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;

/** Spans that count back or forward from now. */
const SPANS: Readonly<Record<string, readonly [number, number]>> = {
  this_week: [-7, 7],
  past_week: [-7, 0],
  past_month: [-31, 0],
  past_year: [-366, 0],
  next_week: [0, 7],
  next_month: [0, 31],
  next_year: [0, 366],
};

/** Words that the API accepts in place of a date, as days from today. */
const RELATIVE_DAYS: Readonly<Record<string, number>> = {
  today: 0,
  tomorrow: 1,
  yesterday: -1,
  one_week_ago: -7,
  one_week_from_now: 7,
  one_month_ago: -30,
  one_month_from_now: 30,
};

/** An operand in milliseconds; the zone is UTC when none is given. */
function operandTime(operand: unknown, now: number, path: string): number {
  if (typeof operand === 'string') {
    const days = RELATIVE_DAYS[operand];
    if (days !== undefined) return Math.floor(now / DAY) * DAY + days * DAY;
    const zoned =
      /T/.test(operand) && !/(Z|[+-]\d\d:?\d\d)$/.test(operand) ? `${operand}Z` : operand;
    const time = Date.parse(zoned);
    if (!Number.isNaN(time)) return time;
  }
  throw validation(
    `body failed validation: ${path} should be a valid ISO 8601 date string, instead was \`${JSON.stringify(operand)}\`.`,
  );
}

const isDay = (operand: unknown) =>
  typeof operand === 'string' && /^\d{4}-\d\d-\d\d$/.test(operand);

/** A condition on a time in milliseconds, null when the cell is empty. */
export function timeCondition(
  condition: unknown,
  now: () => number,
  path: string,
): (time: number | null) => boolean {
  const [operator, operand] = onlyEntry(condition, path);
  if (operator === 'is_empty') return (time) => time === null;
  if (operator === 'is_not_empty') return (time) => time !== null;
  const span = SPANS[operator];
  if (span !== undefined) {
    return (time) =>
      time !== null && time >= now() + span[0] * DAY && time <= now() + span[1] * DAY;
  }
  const bound = operandTime(operand, now(), `${path}.${operator}`);
  // Equality is at the grain of the operand: a whole UTC day, or a minute (measured on date cells).
  const grain = isDay(operand) ? DAY : MINUTE;
  switch (operator) {
    case 'equals':
      return (time) => time !== null && Math.floor(time / grain) === Math.floor(bound / grain);
    case 'before':
      return (time) => time !== null && time < bound;
    case 'after':
      return (time) => time !== null && time > bound;
    case 'on_or_before':
      return (time) => time !== null && time <= bound;
    case 'on_or_after':
      return (time) => time !== null && time >= bound;
    default:
      throw validation(`body failed validation: ${path}.${operator} should be not present.`);
  }
}

/** A condition has exactly one operator. */
export function onlyEntry(condition: unknown, path: string): readonly [string, unknown] {
  const entry = isObject(condition) ? Object.entries(condition)[0] : undefined;
  if (entry === undefined) {
    throw validation(
      `body failed validation: ${path} should be defined, instead was \`undefined\`.`,
    );
  }
  return entry;
}
