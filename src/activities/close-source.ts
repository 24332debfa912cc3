import { nextDueAt } from '../catalog/due.ts';
import type { ClosedSource, CloseSourceInput } from '../contract/activities.ts';
import { addMetrics } from '../contract/metrics.ts';
import type { SourceError, SourceStatus } from '../contract/summary.ts';
import { SyncFailure } from '../errors.ts';
import type { Platform } from '../platforms/platform.ts';
import { inTransaction, type Transaction } from '../store/database.ts';
import { countSeen, endScan, readCheckpoint, type Checkpoint } from '../store/scans.ts';
import { endSourceRun, readSourceRunEnd } from '../store/source-runs.ts';
import { holdFence, readSource, type SourceRow } from '../store/sources.ts';
import { recordAttempt, recordComplete, releaseSource } from '../store/source-state.ts';
import { countTruncated } from '../store/truncated-values.ts';
import type { Dependencies } from './dependencies.ts';
import { withHeartbeat } from './running.ts';

/**
 * Gives the verdict on a source and records it: `complete` stands only when the scan's evidence is whole.
 * A complete scan moves the watermark and removes its checkpoint; any other keeps it for the next run.
 * A repeated call answers with what was recorded first.
 */
export function closeSource(deps: Dependencies, input: CloseSourceInput): Promise<ClosedSource> {
  return withHeartbeat(async () => {
    const before = await readSourceRunEnd(deps.db, input);
    if (before !== null) return before;
    return inTransaction(deps.db, async (tx) => {
      const source = await readSource(tx, input.source_id);
      const held = await isFenceHeld(tx, input);
      const closed = await judge(tx, input, source, held, deps.platforms.get(input.platform));
      await endSourceRun(tx, {
        ...input,
        ...closed,
        evidence: { ...input.evidence, records: closed.records },
      });
      const { records: _, ...result } = closed;
      return result;
    });
  });
}

async function isFenceHeld(tx: Transaction, input: CloseSourceInput): Promise<boolean> {
  if (input.fence === null) return false;
  try {
    await holdFence(tx, { ...input, fence: input.fence });
    return true;
  } catch (error) {
    if (error instanceof SyncFailure && error.type === 'FenceLost') return false;
    throw error;
  }
}

async function judge(
  tx: Transaction,
  input: CloseSourceInput,
  source: SourceRow,
  fenceHeld: boolean,
  platform: Platform | undefined,
): Promise<ClosedSource & { readonly records: number }> {
  const mode = input.scan?.mode ?? null;
  const checkpoint = fenceHeld ? await readCheckpoint(tx, source.id) : null;
  const seen =
    input.scan === null
      ? { scan: 0, run: 0 }
      : await countSeen(tx, input.scan.scan_id, input.run_id);
  const metrics = exactCounts(input, seen.run);
  const now = new Date();
  const state = { source_id: source.id, now, next_due_at: nextDueAt(source, now) };
  if (!fenceHeld) {
    const status = input.status === 'complete' ? 'failed' : input.status;
    return {
      status,
      mode,
      certified: false,
      metrics,
      error: input.error ?? takenOver(source),
      records: seen.scan,
    };
  }
  const gaps = await missingEvidence(tx, source, input, checkpoint);
  const { status, error } = verdict(input, gaps);
  const certified = status === 'complete' && (mode === 'full' || source.certified);
  if (status === 'complete' && input.scan !== null && platform !== undefined) {
    await recordComplete(tx, {
      ...state,
      scan: input.scan,
      certified,
      overlap_ms: platform.overlap_ms,
      records: seen.scan,
    });
  } else {
    await recordAttempt(tx, { ...state, status });
  }
  // A scan that ended, whole or not, cannot be gone on with; one that was interrupted can.
  if (status === 'complete' || input.status === 'complete') await endScan(tx, source.id);
  await releaseSource(tx, source.id);
  return { status, mode, certified, metrics, error, records: seen.scan };
}

/** What keeps the scan from being whole, in words. */
async function missingEvidence(
  tx: Transaction,
  source: SourceRow,
  input: CloseSourceInput,
  checkpoint: Checkpoint | null,
): Promise<readonly string[]> {
  if (checkpoint === null || checkpoint.identity.scan_id !== input.scan?.scan_id) {
    return ['the checkpoint of this scan is gone'];
  }
  const open = checkpoint.windows.filter((window) => !window.done).length;
  const cut = await countTruncated(tx, source.id);
  return [
    ...checkpoint.evidence.gaps,
    ...(open > 0 ? [`${open} windows were not read to their end`] : []),
    ...(cut > 0 ? [`${cut} values are cut short`] : []),
  ];
}

function verdict(
  input: CloseSourceInput,
  gaps: readonly string[],
): { readonly status: SourceStatus; readonly error: SourceError | null } {
  if (input.status !== 'complete') return { status: input.status, error: input.error };
  if (gaps.length === 0) return { status: 'complete', error: null };
  return {
    status: 'incomplete',
    error: {
      type: 'EvidenceMissing',
      message: gaps.join('; '),
      hint: `appsync all --source ${input.alias} --no-incremental`,
    },
  };
}

const takenOver = (source: SourceRow): SourceError => ({
  type: 'FenceLost',
  message: `another sync of ${source.alias} took over`,
  hint: 'appsync runs list shows which',
});

/** Records read twice (window edges, cursor restarts) count once; the second reading found them unchanged. */
function exactCounts(input: CloseSourceInput, seen: number) {
  const twice = Math.max(0, input.metrics.read - seen);
  return addMetrics(input.metrics, {
    read: -twice,
    unchanged: -Math.min(twice, input.metrics.unchanged),
  });
}
