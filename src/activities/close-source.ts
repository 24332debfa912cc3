import { nextDueAt } from '../catalog/due.ts';
import type { ClosedSource, CloseSourceInput } from '../contract/activities.ts';
import { addMetrics } from '../contract/metrics.ts';
import type { SourceError, SourceStatus } from '../contract/summary.ts';
import { SyncFailure } from '../errors.ts';
import type { Platform } from '../platforms/platform.ts';
import { inTransaction, type Transaction } from '../store/database.ts';
import { countSeen, endScan, readCheckpoint, type Checkpoint } from '../store/scans.ts';
import {
  endSourceRun,
  readRunningMetrics,
  readSourceRunEnd,
  type SourceRunEnd,
} from '../store/source-runs.ts';
import { holdFence, holdIfHolder, readSource, type SourceRow } from '../store/sources.ts';
import { recordAttempt, recordComplete, releaseSource } from '../store/source-state.ts';
import { countTruncated } from '../store/truncated-values.ts';
import { countUnread } from '../store/unread-content.ts';
import type { Dependencies } from './dependencies.ts';
import { withHeartbeat } from './running.ts';

/**
 * Gives the verdict on a source and records it: `complete` stands only when the scan's evidence is whole.
 * A complete scan moves the watermark and removes its checkpoint; any other keeps it for the next run.
 * A repeated call answers with what was recorded first: it looks once it holds the fence, so that it waits
 * for an attempt, or a merge, that is still at work.
 */
export function closeSource(deps: Dependencies, input: CloseSourceInput): Promise<ClosedSource> {
  return withHeartbeat(() =>
    inTransaction(deps.db, async (tx) => {
      const held = await isFenceHeld(tx, input);
      const before = await readSourceRunEnd(tx, input);
      if (before !== null) return before;
      const source = await readSource(tx, input.source_id);
      const platform = deps.platforms.get(input.platform);
      const { evidence, ...closed } = await judge(tx, input, source, held, platform);
      await endSourceRun(tx, { ...input, ...closed, evidence });
      return closed;
    }),
  );
}

/** Without a number (opening failed after it took the fence, or the workflow is gone) the run's name decides. */
async function isFenceHeld(tx: Transaction, input: CloseSourceInput): Promise<boolean> {
  if (input.fence === null) return holdIfHolder(tx, input);
  try {
    await holdFence(tx, { ...input, fence: input.fence });
    return true;
  } catch (error) {
    if (error instanceof SyncFailure && error.type === 'FenceLost') return false;
    throw error;
  }
}

type Verdict = ClosedSource & Pick<SourceRunEnd, 'evidence'>;

async function judge(
  tx: Transaction,
  input: CloseSourceInput,
  source: SourceRow,
  fenceHeld: boolean,
  platform: Platform | undefined,
): Promise<Verdict> {
  const checkpoint = fenceHeld ? await readOwnCheckpoint(tx, input) : null;
  const counted = await countSource(tx, input, checkpoint);
  if (!fenceHeld) return takenOver(input, counted);
  const { status, error } = verdict(input, await missingEvidence(tx, source, checkpoint));
  const mode = input.scan?.mode ?? null;
  const certified = status === 'complete' && (mode === 'full' || source.certified);
  const now = new Date();
  const state = { source_id: source.id, now, next_due_at: nextDueAt(source, now) };
  if (status === 'complete' && input.scan !== null && platform !== undefined) {
    const { overlap_ms } = platform;
    const { records } = counted.evidence;
    await recordComplete(tx, { ...state, scan: input.scan, certified, overlap_ms, records });
  } else {
    await recordAttempt(tx, { ...state, status });
  }
  // A scan that ended, whole or not, cannot be gone on with; one that was interrupted can.
  if (status === 'complete' || input.status === 'complete') await endScan(tx, source.id);
  await releaseSource(tx, source.id);
  return { ...counted, status, mode, certified, error };
}

async function readOwnCheckpoint(
  tx: Transaction,
  { source_id, scan }: CloseSourceInput,
): Promise<Checkpoint | null> {
  const checkpoint = await readCheckpoint(tx, source_id);
  return checkpoint?.identity.scan_id === scan?.scan_id ? checkpoint : null;
}

/** What the source counted in this run, and what its scan saw: the checkpoint knows of earlier runs, too. */
async function countSource(
  tx: Transaction,
  input: CloseSourceInput,
  checkpoint: Checkpoint | null,
) {
  if (input.scan === null) {
    const metrics = (await readRunningMetrics(tx, input)) ?? input.metrics;
    return { metrics, evidence: { ...input.evidence, records: 0 } };
  }
  const seen = await countSeen(tx, input.scan.scan_id, input.run_id);
  return {
    // Who took over may have removed the scan, and what it saw with it.
    metrics: checkpoint === null ? input.metrics : exactCounts(input, seen.run),
    evidence: { ...(checkpoint?.evidence ?? input.evidence), records: seen.scan },
  };
}

/** What keeps the scan from being whole, in words. */
async function missingEvidence(
  tx: Transaction,
  source: SourceRow,
  checkpoint: Checkpoint | null,
): Promise<readonly string[]> {
  if (checkpoint === null) return ['the checkpoint of this scan is gone'];
  const open = checkpoint.windows.filter((window) => !window.done).length;
  const cut = await countTruncated(tx, source.id);
  const unread = await countUnread(tx, source.id);
  return [
    ...checkpoint.evidence.gaps,
    ...(open > 0 ? [`${open} windows were not read to their end`] : []),
    ...(cut > 0 ? [`${cut} values are cut short`] : []),
    ...(unread > 0 ? [`the contents of ${unread} records are not read`] : []),
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

/** Another sync has the source: what is recorded of the source itself is its own matter. */
function takenOver(
  input: CloseSourceInput,
  counted: Pick<Verdict, 'metrics' | 'evidence'>,
): Verdict {
  const error: SourceError = {
    type: 'FenceLost',
    message: `another sync of ${input.alias} took over`,
    hint: 'appsync runs list shows which',
  };
  return {
    ...counted,
    status: input.status === 'complete' ? 'failed' : input.status,
    mode: input.scan?.mode ?? null,
    certified: false,
    error: input.error ?? error,
  };
}

/** Records read twice (window edges, cursor restarts) count once; the second reading found them unchanged. */
function exactCounts(input: CloseSourceInput, seen: number) {
  const twice = Math.max(0, input.metrics.read - seen);
  return addMetrics(input.metrics, {
    read: -twice,
    unchanged: -Math.min(twice, input.metrics.unchanged),
  });
}
