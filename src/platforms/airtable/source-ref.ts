import type { SourceRef } from '../platform.ts';

/** A table, or one view of it. */
export interface TableRef {
  readonly base: string;
  readonly table: string;
  readonly view: string | undefined;
}

const FORMS = { base: /^app\w+$/, table: /^tbl\w+$/, view: /^viw\w+$/ } as const;
type Key = keyof typeof FORMS;

const EXAMPLE = '{ base: app…, table: tbl…, view: viw… }';

/** What can be listed besides the records of tables. */
const LISTS = ['bases', 'tables'] as const;
export type ListName = (typeof LISTS)[number];

/** `{ base: app…, table: tbl… }`, with `view: viw…` when only its records are wanted, or `{ list: bases }`. */
export function parseRef(ref: unknown): SourceRef {
  if (typeof ref !== 'object' || ref === null || Array.isArray(ref)) {
    throw new Error(`ref should be ${EXAMPLE}`);
  }
  const given = new Map<string, unknown>(Object.entries(ref));
  if (given.has('list')) return parseList(given);
  for (const key of given.keys()) {
    if (!(key in FORMS)) throw new Error(`ref.${key} is unknown: ref should be ${EXAMPLE}`);
  }
  const id = (key: Key): string => {
    const value = given.get(key);
    if (typeof value === 'string' && FORMS[key].test(value)) return value;
    throw new Error(`ref.${key} should be an id like ${FORMS[key].source.slice(1, 4)}…`);
  };
  const whole = { base: id('base'), table: id('table') };
  const hasView = given.get('view') !== undefined && given.get('view') !== null;
  return hasView ? { ...whole, view: id('view') } : whole;
}

function parseList(given: ReadonlyMap<string, unknown>): SourceRef {
  for (const key of given.keys()) {
    if (key !== 'list') throw new Error(`ref.${key} cannot stand beside ref.list`);
  }
  const list = LISTS.find((name) => name === given.get('list'));
  if (list === undefined) throw new Error(`ref.list should be one of ${LISTS.join(', ')}`);
  return { list };
}

/** The listing that a reference means; null for a table. */
export const listOf = (ref: SourceRef): ListName | null =>
  LISTS.find((name) => name === ref['list']) ?? null;

/** The parts of a reference that `parseRef` gave. */
export const tableRef = (ref: SourceRef): TableRef => ({
  base: ref['base'] ?? '',
  table: ref['table'] ?? '',
  view: ref['view'],
});

/** A listing's has another beginning than a table's, and a slash, which no alias has. */
export const externalId = (ref: SourceRef): string =>
  listOf(ref) === null ? `${ref['base']}/${ref['table']}` : `list/${listOf(ref)}`;
