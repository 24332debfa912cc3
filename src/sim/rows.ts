import { mix } from './seeded.ts';
import type { RecordsSpec } from './world-spec.ts';

/**
 * A page or a record. Cells are derived from the source's seed and `index` when they are asked for;
 * only what was edited is kept, so a quarter of a million rows fit into memory.
 */
export interface SimRow {
  readonly id: string;
  /** Seeds the generated cells; unique within a source. */
  readonly index: number;
  /** Whether cells without a value of their own are derived from the seed. */
  readonly generated: boolean;
  readonly created: number;
  /** Exact time of the last edit; for Airtable 0 when never modified. */
  edited: number;
  /** `edited` before the last edit: what a lagging index still knows. */
  editedBefore: number;
  trashed: boolean;
  /** Own values by property or field id, in the platform's inner form; null when there are none. */
  values: Map<string, unknown> | null;
  /** Time of the last edit of single cells, where something asks for it. */
  cellEdits: Map<string, number> | null;
  /** Set when the row is no page: the id of the data source that a wiki lists among its rows. */
  readonly entry: string | null;
}

export interface RowTimes {
  readonly from: number;
  readonly to: number;
  /** So many of the first rows are created within one minute, as by a bulk import. */
  readonly sameMinute: number;
}

export function createRow(row: Pick<SimRow, 'id' | 'index' | 'created'> & Partial<SimRow>): SimRow {
  return {
    generated: false,
    edited: row.created,
    editedBefore: row.created,
    trashed: false,
    values: null,
    cellEdits: null,
    entry: null,
    ...row,
  };
}

export const FIRST_DAY = Date.UTC(2023, 0, 2);
export const LAST_DAY = Date.UTC(2026, 5, 1);

/** When the generated records of a source were made. */
export function rowTimes(spec: RecordsSpec): RowTimes {
  return {
    from: spec.from === undefined ? FIRST_DAY : Date.parse(spec.from),
    to: spec.to === undefined ? LAST_DAY : Date.parse(spec.to),
    sameMinute: spec.sameMinute ?? 0,
  };
}

const DAY = 86_400_000;
const MINUTE = 60_000;

/** Time of creation of one generated row: rows follow each other evenly, with some jitter. */
export function createdTime(times: RowTimes, seed: number, index: number, count: number): number {
  if (index < times.sameMinute) {
    return Math.floor(times.from / MINUTE) * MINUTE + (mix(seed, index) % MINUTE);
  }
  const step = (times.to - times.from) / Math.max(count, 1);
  const jitter = (mix(seed, index) / 2 ** 32) * step;
  return Math.floor(times.from + MINUTE + index * step + jitter);
}

/** Time of the last edit: a third of the rows were never touched after they were made. */
export function editedTime(created: number, seed: number, index: number): number {
  const hash = mix(seed + 1, index);
  return hash % 3 === 0 ? created : created + 1000 + (hash % (20 * DAY));
}
