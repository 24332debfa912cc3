import { randomUUID } from 'node:crypto';
import type { Column, ConvertedRecord } from '../contract/schema.ts';
import type { Transaction } from './database.ts';
import { mergeApart, type MergedApart } from './merge-apart.ts';
import { stagedIds, takeStagedIds } from './merge.ts';
import { quarantineStaged } from './quarantine.ts';
import type { SourceRow } from './sources.ts';
import { copyRecords } from './staging.ts';
import { mergeFitting } from './destination/wide-rows.ts';

/**
 * Merges records that are not a scan's batch: looked up one by one, or kept from before. Staged by the transaction
 * itself, so that nobody else sees the rows and nobody can take them away. What Postgres refuses is returned, and
 * put into quarantine when that is wanted. Call it under the source's fence.
 */
export async function mergeRecords(
  tx: Transaction,
  source: SourceRow,
  columns: readonly Column[],
  records: readonly ConvertedRecord[],
  run: { readonly run_id: string; readonly quarantine: { readonly software: string } | null },
): Promise<MergedApart> {
  const staging = { scan_id: `records-${randomUUID()}`, attempt: 'records' };
  await copyRecords(tx, staging, columns, records);
  const batch = { window: 0, batch: 0, attempt: staging.attempt, rows: records.length };
  const key = { scan_id: staging.scan_id, run_id: run.run_id, batches: [batch] };
  const merged = await mergeApart(tx, await stagedIds(tx, key), (ids) =>
    mergeFitting(tx, source, columns, key, ids),
  );
  if (run.quarantine !== null && merged.refused.length > 0) {
    await quarantineStaged(tx, { ...key, source_id: source.id, ...run.quarantine }, merged.refused);
  }
  await takeStagedIds(tx, key.scan_id, key.batches);
  return merged;
}
