import type { CompleteRecordsInput, CompletedRecords } from '../contract/activities.ts';
import type { Column } from '../contract/schema.ts';
import { SyncFailure } from '../errors.ts';
import type { PlatformSession, SourceRef } from '../platforms/platform.ts';
import { inTransaction } from '../store/database.ts';
import { addToSourceRun } from '../store/source-runs.ts';
import { holdFence, readColumns, readSource } from '../store/sources.ts';
import {
  completeValues,
  countTruncated,
  forgetTruncated,
  readTruncated,
  type TruncatedValue,
} from '../store/truncated-values.ts';
import { connectSource } from './connect-account.ts';
import type { Dependencies } from './dependencies.ts';
import { withHeartbeat } from './running.ts';

/** Values per activity: at 3 requests a second about 20 s, so a slice is short and its loss is small. */
const SLICE = 60;

/**
 * Reads a slice of the values that lists cut short and writes them whole. What is left is in Postgres, so
 * any attempt goes on where the last one committed; writing a value twice is harmless.
 */
export function completeRecords(
  deps: Dependencies,
  input: CompleteRecordsInput,
): Promise<CompletedRecords> {
  return withHeartbeat(async (meter) => {
    const { source: opened } = input;
    const source = await readSource(deps.db, opened.source_id);
    const columns = new Map(
      (await readColumns(deps.db, source.id)).map((column) => [column.id, column]),
    );
    const { session, ref } = connectSource(deps, source, opened.options, meter);
    for (const value of await readTruncated(deps.db, source.id, SLICE)) {
      const column = columns.get(value.field_id);
      const read = column === undefined ? 'gone' : await readWhole(session, ref, value, column);
      await inTransaction(deps.db, async (tx) => {
        await holdFence(tx, opened);
        if (read === 'gone' || column === undefined) {
          await forgetTruncated(tx, source.id, value.field_id, [value.record_id]);
        } else {
          await completeValues(tx, source, column, [
            { record_id: value.record_id, text: read.text },
          ]);
        }
      });
      if (read !== 'gone') meter.count({ completed: 1 });
    }
    const metrics = meter.total();
    await inTransaction(deps.db, async (tx) => {
      await holdFence(tx, opened);
      await addToSourceRun(tx, opened, metrics);
    });
    return { metrics, remaining: await countTruncated(deps.db, source.id) };
  });
}

/** A record that is gone meanwhile has no value to complete. */
async function readWhole(
  session: PlatformSession,
  ref: SourceRef,
  value: TruncatedValue,
  column: Column,
): Promise<'gone' | { readonly text: string | null }> {
  if (session.readValue === undefined) return 'gone';
  try {
    return { text: await session.readValue(ref, value.record_id, column) };
  } catch (error) {
    if (error instanceof SyncFailure && error.type === 'NotFound') return 'gone';
    throw error;
  }
}
