import type { OpenSourceRef } from '../contract/activities.ts';
import type { Column } from '../contract/schema.ts';
import type { Whereabouts } from '../platforms/session.ts';
import type { Transaction } from '../store/database.ts';
import { mergeRecords } from '../store/merge-records.ts';
import { announceArrival } from '../store/deletions/moves.ts';
import type { SourceRow } from '../store/sources.ts';
import { settleDeleted, settlePresent, settleUnreachable } from '../store/deletions/tombstones.ts';

export const NO_ROWS = { inserted: 0, updated: 0, deleted: 0 };
/** What became of rows of the table. */
export type RowCounts = Partial<typeof NO_ROWS>;

/** Whose record is settled, and what writing it needs. */
export interface SettledFor {
  readonly opened: OpenSourceRef;
  readonly source: SourceRow;
  readonly columns: readonly Column[];
  /** Version of the program, for the quarantine. */
  readonly software: string;
}

/** Does what the platform's answer about one missing record asks for. Call it under the source's fence. */
export async function settleRecord(
  tx: Transaction,
  { opened, source, columns, software }: SettledFor,
  recordId: string,
  where: Whereabouts,
): Promise<RowCounts> {
  const ids = [recordId];
  switch (where.state) {
    case 'trashed':
      return { deleted: await settleDeleted(tx, source, { ids }, opened) };
    case 'moved':
      if (where.external_id !== null) {
        await announceArrival(tx, source, where.external_id, recordId);
      }
      return { deleted: await settleDeleted(tx, source, { ids }, { ...opened, moved: true }) };
    case 'unreachable':
      return { deleted: await settleUnreachable(tx, source, recordId, opened) };
    case 'present': {
      const run = { run_id: opened.run_id, quarantine: { software } };
      const { counts } = await mergeRecords(tx, source, columns, [where.record], run);
      await settlePresent(tx, source.id, recordId);
      return { inserted: counts.inserted, updated: counts.updated };
    }
  }
}
