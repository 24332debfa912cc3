import { SyncFailure } from '../errors.ts';
import type { Transaction } from './database.ts';
import type { MergeCounts } from './merge.ts';
import { refusalOf, type Refusal } from './refusal.ts';

/** A record that Postgres refused by itself. */
export interface RefusedRecord extends Refusal {
  readonly record_id: string;
}

export interface MergedApart {
  readonly counts: MergeCounts;
  readonly refused: readonly RefusedRecord[];
}

/** More in one transaction mean that the table refuses everything: a constraint that nothing meets, say. */
const MOST_REFUSED = 1_000;

/**
 * Merges what Postgres takes and finds out what it refuses, by halving: with one bad record of 100 about
 * fourteen statements. `merge` merges the rows of some ids (at least one) in one statement; what it throws
 * is rolled back to a savepoint. For transactions whose one statement over all ids was refused before.
 */
export async function mergeApart(
  tx: Transaction,
  ids: readonly string[],
  merge: (ids: readonly string[]) => Promise<MergeCounts>,
): Promise<MergedApart> {
  // Constraints that wait for the commit would refuse the whole batch there.
  await tx.query('set constraints all immediate');
  const refused: RefusedRecord[] = [];
  const pending: (readonly string[])[] = ids.length === 0 ? [] : [ids];
  let counts: MergeCounts = { read: 0, inserted: 0, updated: 0, unchanged: 0, arrivals: [] };
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    const outcome = await attempt(tx, part, merge);
    if ('read' in outcome) counts = addCounts(counts, outcome);
    else if (part.length > 1) {
      const middle = part.length >>> 1;
      pending.push(part.slice(middle), part.slice(0, middle));
    } else {
      for (const record_id of part) refused.push({ record_id, ...outcome });
      if (refused.length > MOST_REFUSED) throw refusesEverything(outcome);
    }
  }
  return { counts, refused };
}

async function attempt(
  tx: Transaction,
  ids: readonly string[],
  merge: (ids: readonly string[]) => Promise<MergeCounts>,
): Promise<MergeCounts | Refusal> {
  await tx.query('savepoint part');
  try {
    const counts = await merge(ids);
    await tx.query('release savepoint part');
    return counts;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    await tx.query('rollback to savepoint part; release savepoint part');
    return refusal;
  }
}

const addCounts = (a: MergeCounts, b: MergeCounts): MergeCounts => ({
  read: a.read + b.read,
  inserted: a.inserted + b.inserted,
  updated: a.updated + b.updated,
  unchanged: a.unchanged + b.unchanged,
  arrivals: [...a.arrivals, ...b.arrivals],
});

const refusesEverything = ({ reason, sqlstate }: Refusal) =>
  new SyncFailure(
    'Misconfigured',
    `Postgres refused more than ${MOST_REFUSED} records at once: ${reason} (${sqlstate})`,
    { hint: 'look at the constraints and triggers of the destination table' },
  );
