import type { FetchBatchInput, StagedBatch } from '../contract/activities.ts';
import { readColumns, readSource } from '../store/sources.ts';
import { connectSource } from './connect-account.ts';
import type { Dependencies } from './dependencies.ts';
import { withHeartbeat } from './running.ts';
import { stageBatch } from './stage-batch.ts';

/** Stages one batch of an open source: the next of a window. */
export function fetchBatch(deps: Dependencies, input: FetchBatchInput): Promise<StagedBatch> {
  return withHeartbeat(async (meter) => {
    const { source: opened } = input;
    const [source, columns] = await Promise.all([
      readSource(deps.db, opened.source_id),
      readColumns(deps.db, opened.source_id),
    ]);
    const connected = await connectSource(deps, source, opened, meter);
    const { scan, options } = opened;
    return stageBatch(deps.db, { source, columns, connected, scan, options }, input, meter);
  });
}
