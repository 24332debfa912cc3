import { floorToMinute } from '../clock.ts';
import { isObject } from '../exchange.ts';
import type { JsonObject } from '../exchange.ts';
import type { SimRow } from '../rows.ts';
import { validation } from './errors.ts';
import type { NotionKnobs } from './knobs.ts';
import { findProperty } from './properties.ts';
import type { NotionProperty } from './properties.ts';
import { propertyCondition } from './property-conditions.ts';
import { timeCondition } from './time-conditions.ts';
import type { NotionDataSource } from './workspace.ts';

export type RowPredicate = (row: SimRow) => boolean;

/** What conditions need to know of the data. */
export interface FilterContext {
  readonly source: NotionDataSource;
  readonly knobs: NotionKnobs;
  readonly now: () => number;
  /** A cell as the API gives it. */
  readonly cell: (row: SimRow, property: NotionProperty) => unknown;
}

const DEEPEST = 2;

/** Compiles the `filter` of a query. Compounds nest two levels deep, as documented. */
export function parseFilter(filter: unknown, context: FilterContext): RowPredicate {
  if (filter === undefined || filter === null) return () => true;
  return compile(filter, context, 'body.filter', 0);
}

function compile(
  filter: unknown,
  context: FilterContext,
  path: string,
  depth: number,
): RowPredicate {
  if (!isObject(filter)) throw validation(`body failed validation: ${path} should be an object.`);
  for (const kind of ['and', 'or'] as const) {
    if (filter[kind] !== undefined) return compound(filter, kind, context, path, depth);
  }
  if (typeof filter.timestamp === 'string') return timestampFilter(filter, context, path);
  if (typeof filter.property === 'string') return propertyFilter(filter, context, path);
  throw validation(
    [
      'body failed validation. Fix one:',
      `${path}.or should be defined, instead was \`undefined\`.`,
      `${path}.and should be defined, instead was \`undefined\`.`,
      `${path}.property should be defined, instead was \`undefined\`.`,
      `${path}.timestamp should be defined, instead was \`undefined\`.`,
    ].join('\n'),
  );
}

function compound(
  filter: JsonObject,
  kind: 'and' | 'or',
  context: FilterContext,
  path: string,
  depth: number,
): RowPredicate {
  const parts = filter[kind];
  if (!Array.isArray(parts) || depth >= DEEPEST) {
    throw validation(`body failed validation: ${path}.${kind} should be not present.`);
  }
  const predicates = parts.map((part: unknown, place) =>
    compile(part, context, `${path}.${kind}[${place}]`, depth + 1),
  );
  return kind === 'and'
    ? (row) => predicates.every((predicate) => predicate(row))
    : (row) => predicates.some((predicate) => predicate(row));
}

function timestampFilter(filter: JsonObject, context: FilterContext, path: string): RowPredicate {
  const timestamp = String(filter.timestamp);
  if (timestamp !== 'created_time' && timestamp !== 'last_edited_time') {
    throw validation(
      `body failed validation: ${path}.timestamp should be \`"created_time"\` or \`"last_edited_time"\`, instead was \`"${timestamp}"\`.`,
    );
  }
  const accepts = timeCondition(filter[timestamp], context.now, `${path}.${timestamp}`);
  const { knobs, now } = context;
  const shown = (ms: number) => (knobs.filterTimes === 'floored' ? floorToMinute(ms) : ms);
  if (timestamp === 'created_time') return (row) => accepts(shown(row.created));
  return (row) => accepts(shown(indexedEdit(row, now(), knobs.indexLagMs)));
}

/** The last edit that a lagging index knows of. */
export function indexedEdit(row: SimRow, now: number, lagMs: number): number {
  return lagMs > 0 && now - row.edited < lagMs ? row.editedBefore : row.edited;
}

function propertyFilter(filter: JsonObject, context: FilterContext, path: string): RowPredicate {
  const name = String(filter.property);
  const property = findProperty(context.source.properties, name);
  if (property === undefined) {
    throw validation(`Could not find property with name or id: ${name}`);
  }
  const entry = Object.entries(filter).find(([key]) => key !== 'property' && key !== 'type');
  if (entry === undefined) {
    throw validation(
      `body failed validation: ${path}.${property.type} should be defined, instead was \`undefined\`.`,
    );
  }
  const [type, condition] = entry;
  const accepts = propertyCondition(property, type, condition, {
    now: context.now,
    path: `${path}.${type}`,
  });
  return (row) => accepts(context.cell(row, property));
}
