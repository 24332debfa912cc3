import type { ScanMode } from './scan.ts';

/** What is known of a source's former scans. */
export interface ScanHistory {
  /** Server time up to which the table is known to be current; null before the first whole scan. */
  readonly watermark: string | null;
  /** Whether the last full scan was whole and nothing has broken the chain since. */
  readonly certified: boolean;
  readonly full_scan_records: number | null;
  /** Since the last whole full scan began, by Postgres' clock. */
  readonly full_scan_age_seconds: number | null;
  /** How often a full scan is wanted; null: by size. */
  readonly full_every_seconds: number | null;
}

/** What is known besides; a plan that reads nothing assumes that the schema and the table are as they were. */
export interface Findings {
  readonly schema_changed?: boolean;
  /** The table lacked columns or rows that only a full scan brings. */
  readonly lacks_values?: boolean;
  /** Changes cannot be asked for: the platform's own lists of users or bases. */
  readonly listed_whole?: boolean;
  /** The platform says that nothing in the source changed since the last whole scan. */
  readonly unchanged?: boolean;
  /** For plans: the platform will say whether anything changed, and has not been asked. */
  readonly perhaps_unchanged?: boolean;
  /** Records that a reconciliation found to differ and that a person wants healed. */
  readonly to_heal?: number;
}

export interface ScanChoice {
  readonly mode: ScanMode;
  /** Incremental: records edited at or after this time. */
  readonly since: string | null;
  readonly reason: string;
}

const DAY_SECONDS = 86_400;
/** 10,000 records are 100 requests: half a minute of Notion's budget, 20 s of Airtable's. */
const SMALL_RECORDS = 10_000;

/**
 * How old a full scan may get. Deletions, and edits that move no time (formulas, rollups, lookups, renamed
 * options), are found by full scans only: what is older than this plus the pause between two syncs is never
 * believed. A day up to 10,000 records, a week above, unless the source says otherwise.
 */
export function fullEverySeconds(
  history: Pick<ScanHistory, 'full_every_seconds' | 'full_scan_records'>,
): number {
  if (history.full_every_seconds !== null) return history.full_every_seconds;
  return (history.full_scan_records ?? 0) <= SMALL_RECORDS ? DAY_SECONDS : 7 * DAY_SECONDS;
}

/** Whether a sync reads everything or only what was edited, and why. */
export function chooseScan(
  history: ScanHistory,
  options: { readonly incremental: boolean },
  found: Findings = {},
): ScanChoice {
  const full = (reason: string): ScanChoice => ({ mode: 'full', since: null, reason });
  if (history.watermark === null) return full('first sync');
  const { to_heal = 0 } = found;
  if (to_heal > 0) return full(`${to_heal} ${to_heal === 1 ? 'row is' : 'rows are'} to be healed`);
  if (!options.incremental) return full('asked for');
  if (found.listed_whole === true && found.unchanged !== true) {
    const isToBeAsked = found.perhaps_unchanged === true && history.certified;
    return full(
      isToBeAsked ? 'if it changed; else nothing is read' : 'the platform lists it whole only',
    );
  }
  if (found.lacks_values === true) return full('the table lacked columns or rows');
  if (found.schema_changed === true) return full('the schema changed');
  if (!history.certified) return full('the last full scan was not whole');
  const since = history.watermark;
  // A version leaves nothing to be found by age; who asks for full scans gets them all the same.
  if (found.unchanged === true && history.full_every_seconds === null) {
    return { mode: 'incremental', since, reason: 'nothing changed' };
  }
  const every = fullEverySeconds(history);
  const age = history.full_scan_age_seconds;
  if (age === null) return full('when the last full scan was is not known');
  if (age >= every) {
    return full(`the last full scan is ${duration(age)} old, wanted every ${duration(every)}`);
  }
  const reason = found.unchanged === true ? 'nothing changed' : `changes since ${since}`;
  return { mode: 'incremental', since, reason };
}

/** `25 h`, `8 d`: in the largest unit that gives two or more. */
function duration(seconds: number): string {
  if (seconds >= 2 * DAY_SECONDS) return `${Math.floor(seconds / DAY_SECONDS)} d`;
  if (seconds >= 7200) return `${Math.floor(seconds / 3600)} h`;
  return seconds >= 120 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds)} s`;
}
