import { findSources, type SourceRow } from '../catalog/source-query.ts';
import type { Filters, Target } from '../contract/target.ts';
import type { Queryable } from '../store/database.ts';
import { formatAmount, formatRelative } from '../units.ts';

/** A source that matches and is left out by `--only-due`, and why. */
export interface NotDueSource {
  readonly alias: string;
  readonly next_due_at: string | null;
  readonly reason: string;
}

/** What `--only-due` leaves out of the enabled sources that match otherwise. */
export async function findNotDue(
  db: Queryable,
  target: Target,
  filters: Filters,
  { found, now }: { readonly found: readonly SourceRow[]; readonly now: Date },
): Promise<readonly NotDueSource[]> {
  const due = new Set(found.map(({ id }) => id));
  const anyTime = { ...filters, only_due: false, only_enabled: true };
  return (await findSources(db, target, anyTime, now))
    .filter(({ id }) => !due.has(id))
    .map((source) => notDue(source, now));
}

function notDue(source: SourceRow, now: Date): NotDueSource {
  const { alias, next_due_at, failures, last_failure } = source;
  if (next_due_at === null || next_due_at <= now) {
    return { alias, next_due_at: null, reason: 'a run is at it' };
  }
  const next = next_due_at.toISOString();
  const setbacks =
    failures === 0
      ? ''
      : `, after it failed ${formatAmount(failures, 'time')} in a row (${last_failure ?? ''})`;
  return {
    alias,
    next_due_at: next,
    reason: `next ${formatRelative(next, now.getTime())}${setbacks}`,
  };
}
