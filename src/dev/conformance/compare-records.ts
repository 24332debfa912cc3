import type { ConvertedRecord } from '../../contract/schema.ts';
import { Nonconformance } from './outcome.ts';

const MOST_NAMED = 5;

type Records = readonly ConvertedRecord[];

/** What stays the same as long as a record does. Values may not: links are signed anew with every answer. */
const contentOf = ({ values, errors, raw: _raw, ...rest }: ConvertedRecord) => ({
  ...rest,
  empty_values: values.map((value) => value === null),
  errors: Object.keys(errors ?? {}).toSorted(),
});

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

export const idsOf = (records: Records): ReadonlySet<string> =>
  new Set(records.map(({ id }) => id));

export const withoutIds = (records: Records, ids: ReadonlySet<string>): Records =>
  records.filter(({ id }) => !ids.has(id));

/** Throws unless both are the same records, each once, in whatever order. */
export function expectSameRecords(expected: Records, seen: Records, what: string): void {
  const difference = [...differences(expected, seen), ...doubled(seen)];
  if (difference.length > 0) throw new Nonconformance(what, difference.join('; '));
}

/** Throws unless all of the expected records are there as they are; others may be, and they may come twice. */
export function expectAmong(expected: Records, seen: Records, what: string): void {
  const ids = idsOf(expected);
  const difference = differences(
    expected,
    seen.filter(({ id }) => ids.has(id)),
  );
  if (difference.length > 0) throw new Nonconformance(what, difference.join('; '));
}

/** Throws unless both are the same records; they may come twice. */
export function expectSameContent(expected: Records, seen: Records, what: string): void {
  const difference = differences(expected, seen);
  if (difference.length > 0) throw new Nonconformance(what, difference.join('; '));
}

function differences(expected: Records, seen: Records): readonly string[] {
  const [wanted, found] = [byId(expected), byId(seen)];
  const missing = [...wanted.keys()].filter((id) => !found.has(id));
  const surplus = [...found.keys()].filter((id) => !wanted.has(id));
  const changed = [...wanted].flatMap(([id, record]) => {
    const other = found.get(id);
    return other === undefined || isSame(contentOf(other), contentOf(record))
      ? []
      : [[record, other] as const];
  });
  return [
    ...named('missing', missing, wanted.size),
    ...named('not expected', surplus, wanted.size),
    ...named(
      'other content',
      changed.map(([{ id }]) => id),
      wanted.size,
    ),
    ...changed.slice(0, 1).map(([a, b]) => `${a.id} differs in ${whatDiffers(a, b)}`),
  ];
}

const byId = (records: Records) => new Map(records.map((record) => [record.id, record]));

function doubled(records: Records): readonly string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { id } of records) (seen.has(id) ? twice : seen).add(id);
  return named('twice', [...twice], seen.size);
}

function named(how: string, ids: readonly string[], of: number): readonly string[] {
  if (ids.length === 0) return [];
  const more = ids.length > MOST_NAMED ? ', …' : '';
  return [`${how}: ${ids.length} of ${of} (${ids.slice(0, MOST_NAMED).join(', ')}${more})`];
}

function whatDiffers(a: ConvertedRecord, b: ConvertedRecord): string {
  const [before, now]: readonly Readonly<Record<string, unknown>>[] = [contentOf(a), contentOf(b)];
  return Object.keys(before ?? {})
    .filter((key) => !isSame(before?.[key], now?.[key]))
    .join(', ');
}
