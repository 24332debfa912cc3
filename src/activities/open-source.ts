import { createHash, randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { isDeepStrictEqual } from 'node:util';
import type { OpenSourceInput, OpenedSource } from '../contract/activities.ts';
import type { ScanIdentity, ScanWindow } from '../contract/scan.ts';
import { chooseScan } from '../contract/scan-choice.ts';
import type { Column, SourceSchema } from '../contract/schema.ts';
import type { Transaction } from '../store/database.ts';
import { fitTable } from '../store/destination.ts';
import { beginScan, readCheckpoint, type Checkpoint } from '../store/scans.ts';
import { beginSourceRun, endAbandoned, recordScanMode } from '../store/source-runs.ts';
import { holdFence, readSource, takeFence, type SourceRow } from '../store/sources.ts';
import { breakChain } from '../store/source-state.ts';
import { countUnsettled } from '../store/sweep.ts';
import { countTruncated } from '../store/truncated-values.ts';
import { connectSource, type ConnectedSource } from './connect-account.ts';
import type { Dependencies } from './dependencies.ts';
import { inActivityTransaction, withHeartbeat } from './running.ts';

/** An older checkpoint is not resumed: too much has changed under a cursor or window of yesterday. */
const RESUMABLE_MS = 24 * 3_600_000;

/**
 * Takes the source's fence, reads its schema, makes its table fit and chooses the scan: on from a
 * checkpoint, incremental from the watermark, or full. A second attempt finds what the first one did:
 * the same fence (it belongs to the execution), a table that fits, a checkpoint to go on from.
 */
export function openSource(deps: Dependencies, input: OpenSourceInput): Promise<OpenedSource> {
  return withHeartbeat(async (meter) => {
    const { workflowExecution } = Context.current().info;
    const source = await readSource(deps.db, input.source_id);
    const holder = { run_id: input.run_id, execution: workflowExecution?.runId ?? '' };
    // A merge of whoever holds the fence now is waited for.
    const fence = await inActivityTransaction(deps.db, (tx) => takeFence(tx, source, holder));
    await beginSourceRun(deps.db, { ...input, workflow_id: workflowExecution?.workflowId ?? '' });
    const connected = connectSource(deps, source, input, meter);
    const schema = await connected.session.describe(connected.ref);
    return inActivityTransaction(deps.db, async (tx) => {
      await holdFence(tx, { ...input, fence });
      const chosen = await beginOrResume(tx, source, input, connected, schema);
      const metrics = meter.total();
      await endAbandoned(tx, input);
      await recordScanMode(tx, input, chosen.scan.mode, metrics);
      return {
        ...chosen,
        fence,
        expected: chosen.scan.mode === 'full' ? source.full_scan_records : null,
        metrics,
        truncated_values: await countTruncated(tx, source.id),
        unsettled: (await countUnsettled(tx, source.id)).total,
      };
    });
  });
}

async function beginOrResume(
  tx: Transaction,
  source: SourceRow,
  input: OpenSourceInput,
  { session, ref }: ConnectedSource,
  schema: SourceSchema,
): Promise<{ scan: ScanIdentity; windows: readonly ScanWindow[]; reason: string }> {
  const table = await fitTable(tx, source, schema.fields);
  const fingerprint = schemaFingerprint(table.columns);
  // Before the scan, not after it: should this one not end whole, the next must not be incremental.
  if (table.needs_full_scan) await breakChain(tx, source.id);
  const checkpoint = table.needs_full_scan ? null : await readCheckpoint(tx, source.id);
  if (checkpoint !== null && canResume(checkpoint, input, source, fingerprint)) {
    return {
      scan: checkpoint.identity,
      windows: checkpoint.windows,
      reason:
        checkpoint.batches === 0 ? 'begun before' : `resumed after ${checkpoint.batches} batches`,
    };
  }
  const { mode, since, reason } = chooseScan(source, input.options, {
    lacks_values: table.needs_full_scan,
    schema_changed: source.schema_fingerprint !== fingerprint,
  });
  const windows = session.planScan({ ref, mode, since });
  const scan: ScanIdentity = {
    scan_id: randomUUID(),
    mode,
    since,
    started_at: schema.server_time,
    schema_fingerprint: fingerprint,
  };
  await beginScan(tx, source.id, { ...scan, ref: placeOf(source), windows });
  return { scan, windows, reason };
}

/** What is scanned, and through whose eyes: another account may see other records. */
const placeOf = (source: SourceRow) => ({ account: source.account, ref: source.ref });

function canResume(
  checkpoint: Checkpoint,
  input: OpenSourceInput,
  source: SourceRow,
  fingerprint: string,
): boolean {
  return (
    checkpoint.identity.scan_id !== input.give_up_scan &&
    checkpoint.identity.schema_fingerprint === fingerprint &&
    checkpoint.age_ms < RESUMABLE_MS &&
    isDeepStrictEqual(checkpoint.ref, placeOf(source)) &&
    (checkpoint.identity.mode === 'full' || input.options.incremental)
  );
}

/** Changes when a property is added, removed or changes its type; a rename is not a change of content. */
function schemaFingerprint(columns: readonly Column[]): string {
  const parts = columns.map(
    (column) => `${column.id}\u0000${column.type}\u0000${column.column_type}`,
  );
  return createHash('sha256').update(parts.toSorted().join('\u0001')).digest('hex').slice(0, 16);
}
