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

/** `{ base: app…, table: tbl… }`, with `view: viw…` when only its records are wanted. */
export function parseRef(ref: unknown): SourceRef {
  if (typeof ref !== 'object' || ref === null || Array.isArray(ref)) {
    throw new Error(`ref should be ${EXAMPLE}`);
  }
  const given = new Map<string, unknown>(Object.entries(ref));
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

/** The parts of a reference that `parseRef` gave. */
export const tableRef = (ref: SourceRef): TableRef => ({
  base: ref['base'] ?? '',
  table: ref['table'] ?? '',
  view: ref['view'],
});

export const externalId = (ref: SourceRef): string => `${ref['base']}/${ref['table']}`;
