import type { SlowBatch } from '../store/slowest-batches.ts';
import { formatCount, formatDuration, formatRelative } from '../units.ts';
import type { Output } from './output.ts';
import type { TableColumn } from './table.ts';

/** Where a run's time went, batch by batch; nothing when it merged none. */
export function printSlowestBatches(
  output: Output,
  batches: readonly SlowBatch[],
  { isTTY, now }: { readonly isTTY: boolean; readonly now: number },
): void {
  if (batches.length === 0) return;
  output.print('');
  if (isTTY) output.print(output.paint.bold('slowest batches'));
  output.table(columns(now), batches);
}

const columns = (now: number): readonly TableColumn<SlowBatch>[] => [
  { header: 'SOURCE', text: ({ source }) => source, shrinks: true },
  {
    header: 'BATCH',
    text: ({ batch, batches }) => (batches > 1 ? `${formatCount(batches)} at once` : batch),
  },
  {
    header: 'RECORDS',
    align: 'right',
    text: ({ records }) => formatCount(records),
    data: ({ records }) => records,
  },
  time('FETCH', ({ fetch_ms }) => fetch_ms),
  time('WAITED', ({ waited_ms }) => waited_ms),
  time('MERGE', ({ merge_ms }) => merge_ms),
  {
    header: 'MERGED',
    text: ({ merged_at }) => formatRelative(merged_at, now),
    data: ({ merged_at }) => merged_at,
  },
];

function time(header: string, of: (batch: SlowBatch) => number): TableColumn<SlowBatch> {
  return {
    header,
    align: 'right',
    text: (batch) => formatDuration(of(batch)),
    data: of,
  };
}
