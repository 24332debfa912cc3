import type { SourceState } from '../store/overview.ts';

/** States that sources can be looked at by, as the form names them. */
export const STATES = ['failing', 'running', 'complete', 'never', 'disabled'] as const;
export type State = (typeof STATES)[number];

/** What of a list is looked at: what the form of the page says, and which part of the rest. */
export interface Look {
  /** Part of a name: of the source, its platform, account, application or component. */
  readonly text: string;
  readonly state: State | null;
  /** From 1 on. */
  readonly page: number;
}

/** As many rows are one page of a list. */
const PAGE_SIZE = 50;

/** What a query string asks for; anything that makes no sense there asks for nothing. */
export function lookOf(query: URLSearchParams): Look {
  const page = Number(query.get('page') ?? 1);
  return {
    text: (query.get('text') ?? '').trim(),
    state: STATES.find((state) => state === query.get('state')) ?? null,
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
  };
}

/** The address of the same look at another page. */
export function addressOf(path: string, { text, state, page }: Look): string {
  const query = new URLSearchParams({
    ...(text === '' ? {} : { text }),
    ...(state === null ? {} : { state }),
    ...(page === 1 ? {} : { page: String(page) }),
  });
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

/** What fails now: a run that is at it may mend it. */
export const isFailing = ({ error, at_work_in }: SourceState): boolean =>
  error !== null && at_work_in === null;

const IS_IN: Readonly<Record<State, (source: SourceState) => boolean>> = {
  failing: isFailing,
  running: ({ at_work_in }) => at_work_in !== null,
  complete: ({ last_status }) => last_status === 'complete',
  never: ({ last_status }) => last_status === null,
  disabled: ({ enabled }) => !enabled,
};

/** The sources that a look asks for, on all of its pages. */
export function matching(
  sources: readonly SourceState[],
  { text, state }: Look,
): readonly SourceState[] {
  const wanted = text.toLowerCase();
  return sources.filter(
    (source) =>
      (state === null || IS_IN[state](source)) &&
      [
        source.alias,
        source.platform,
        source.account,
        source.app ?? '',
        source.component ?? '',
      ].some((name) => name.toLowerCase().includes(wanted)),
  );
}

/** One page of a list; a page past the end is the last one. */
export interface PartOf<Row> {
  readonly rows: readonly Row[];
  readonly page: number;
  readonly pages: number;
  /** Places of the first and last row, from 1 on. */
  readonly from: number;
  readonly to: number;
  readonly total: number;
}

export function partOf<Row>(rows: readonly Row[], wanted: number): PartOf<Row> {
  const pages = Math.max(1, Math.ceil(rows.length / PAGE_SIZE));
  const page = Math.min(wanted, pages);
  const before = (page - 1) * PAGE_SIZE;
  const part = rows.slice(before, before + PAGE_SIZE);
  return {
    rows: part,
    page,
    pages,
    from: Math.min(before + 1, rows.length),
    to: before + part.length,
    total: rows.length,
  };
}
