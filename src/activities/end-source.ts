import { dueAfterSetback, nextDueAt, type Setback } from '../catalog/due.ts';
import type { ClosedSource, CloseSourceInput } from '../contract/activities.ts';
import { CREDENTIAL_FAILURES } from '../contract/failures.ts';
import { addMetrics, type SyncMetrics } from '../contract/metrics.ts';
import type { Certificate } from '../contract/scan.ts';
import type { SourceError, SourceStatus } from '../contract/summary.ts';
import type { Platform } from '../platforms/platform.ts';
import type { Transaction } from '../store/database.ts';
import { endHeal } from '../store/reconciliation/heal.ts';
import { proofGaps, readScanProof, type ScanProof } from '../store/scan-proof.ts';
import { endScan, readCheckpoint, type Checkpoint } from '../store/scans.ts';
import { endSourceRun, readRunningMetrics, type SourceRunEnd } from '../store/source-runs.ts';
import type { SourceRow } from '../store/sources.ts';
import { countQuarantined, releaseUnmet } from '../store/quarantine.ts';
import { recordAttempt, recordWholeScan } from '../store/source-state.ts';
import { readSweep } from '../store/deletions/sweep.ts';
import { countUnfinished, type Unfinished } from '../store/unfinished.ts';
import type { Dependencies } from './dependencies.ts';
import { doubtsOf, sourceVerdict } from './source-verdict.ts';

/** How a source's work ended: what the verdict on it is given by. */
export type EndedSource = Omit<CloseSourceInput, 'fence' | 'never_began'>;

/** What the caller knows of the source, in its transaction. */
export interface AboutSource {
  readonly source: SourceRow;
  readonly fenceHeld: boolean;
  /** What is recorded of the run so far; absent: it is read. */
  readonly running?: SyncMetrics | undefined;
}

/**
 * Gives the verdict on a source and records it, in the caller's transaction: `complete` stands only when the scan's
 * evidence is whole and no record is left in quarantine. These are two things: what a whole scan saw moves the
 * watermark and keeps the chain of scans certified also when some of it could not be written, for nothing of it was
 * missed. A scan that ended removes its checkpoint; one that was interrupted keeps it for the next run.
 */
export async function endSource(
  tx: Transaction,
  deps: Dependencies,
  input: EndedSource,
  about: AboutSource,
): Promise<ClosedSource> {
  const platform = await deps.findPlatform(input.platform);
  const { certificate, ...closed } = await judge(tx, input, about, platform);
  await endSourceRun(tx, { ...input, ...closed, certificate });
  return closed;
}

type Verdict = ClosedSource & Pick<SourceRunEnd, 'certificate'>;

/** How much less than everything it was; null: a person ended it, or another run had it, which says nothing of it. */
function setbackOf(status: SourceStatus, error: SourceError | null): Setback['kind'] | null {
  if (status !== 'failed' && status !== 'incomplete') return null;
  const isRefused = CREDENTIAL_FAILURES.some((type) => type === error?.type);
  return isRefused ? 'refused' : status;
}

async function judge(
  tx: Transaction,
  input: EndedSource,
  { source, fenceHeld, running }: AboutSource,
  platform: Platform | undefined,
): Promise<Verdict> {
  const checkpoint = fenceHeld ? await readOwnCheckpoint(tx, input) : null;
  const unfinished = await countUnfinished(tx, source.id);
  const counted = await countSource(tx, input, { checkpoint, unfinished, running });
  if (!fenceHeld) return takenOver(input, counted);
  const { certificate } = counted;
  const mode = input.scan?.mode ?? null;
  const isWhole = input.status === 'complete' && certificate?.missing.length === 0;
  const isMeeting = isWhole && mode === 'full';
  if (isMeeting) await releaseUnmet(tx, source.id);
  const quarantined = isMeeting ? await countQuarantined(tx, source.id) : unfinished.quarantined;
  const doubts = doubtsOf(source.alias, unfinished.unsettled, quarantined);
  const { status, error } = sourceVerdict(input, certificate, doubts);
  // Doubts about single records do not make the scan less whole: the next one may build on it.
  const chain = isWhole && (mode === 'full' || source.certified);
  const now = new Date();
  const setback = isWhole ? null : setbackOf(status, error);
  const next_due_at =
    setback === null
      ? nextDueAt(source, now)
      : dueAfterSetback(
          source,
          {
            kind: setback,
            failures: source.failures + 1,
            blocked_until: error?.blocked_until,
          },
          now,
        );
  const state = { source_id: source.id, now, status, next_due_at };
  if (isWhole && input.scan !== null && platform !== undefined) {
    const { overlap_ms } = platform;
    const { records } = certificate;
    await recordWholeScan(tx, {
      ...state,
      scan: input.scan,
      certified: chain,
      overlap_ms,
      records,
    });
    if (mode === 'full') await endHeal(tx, source.id, input.scan.scan_id);
  } else {
    const failure = setback === null ? null : (error?.type ?? 'Unknown');
    await recordAttempt(tx, { ...state, failure });
  }
  // A scan that ended, whole or not, cannot be gone on with; one that was interrupted can.
  if (input.status === 'complete') await endScan(tx, source.id);
  const metrics = { ...counted.metrics, quarantined };
  return { ...counted, metrics, status, mode, certified: status === 'complete' && chain, error };
}

async function readOwnCheckpoint(
  tx: Transaction,
  { source_id, scan }: EndedSource,
): Promise<Checkpoint | null> {
  const checkpoint = await readCheckpoint(tx, source_id);
  return checkpoint?.identity.scan_id === scan?.scan_id ? checkpoint : null;
}

/** What the source counted in this run, and what its scan saw: the checkpoint knows of earlier runs, too. */
async function countSource(
  tx: Transaction,
  input: EndedSource,
  known: Pick<AboutSource, 'running'> & {
    readonly checkpoint: Checkpoint | null;
    readonly unfinished: Unfinished;
  },
) {
  const { checkpoint, unfinished } = known;
  const running = known.running ?? (await readRunningMetrics(tx, input));
  const { scan } = input;
  if (scan === null) return { metrics: running ?? input.metrics, certificate: null };
  const proof = await readScanProof(tx, scan.scan_id, input.run_id);
  const certificate: Certificate = {
    ...(checkpoint?.evidence ?? input.evidence),
    scan_id: scan.scan_id,
    mode: scan.mode,
    since: scan.since,
    began_at: scan.started_at,
    windows: proof.windows,
    records: proof.records,
    sweep: scan.mode === 'full' ? await readSweep(tx, input.source_id, scan.scan_id) : null,
    missing: missingEvidence(unfinished, checkpoint, proof),
  };
  // Who took over may have removed the scan, and what it saw with it.
  if (checkpoint === null) return { metrics: input.metrics, certificate };
  const metrics = exactCounts(rowsAsWritten(input.metrics, running), proof.records_of_run);
  return { metrics, certificate };
}

/** What keeps the scan from being whole, in words. */
function missingEvidence(
  { truncated_values: cut, unread_contents: unread }: Unfinished,
  checkpoint: Checkpoint | null,
  proof: ScanProof,
): readonly string[] {
  if (checkpoint === null) return ['the checkpoint of this scan is gone'];
  return [
    ...checkpoint.evidence.gaps,
    ...proofGaps(proof),
    ...(cut > 0 ? [`${cut} values are cut short`] : []),
    ...(unread > 0 ? [`the contents of ${unread} records are not read`] : []),
  ];
}

/** Another sync has the source: what is recorded of the source itself is its own matter. */
function takenOver(input: EndedSource, counted: Pick<Verdict, 'metrics' | 'certificate'>): Verdict {
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

/** What became of rows is counted in the transactions that write them: an attempt whose answer was lost wrote them, too. */
function rowsAsWritten(metrics: SyncMetrics, running: SyncMetrics | null): SyncMetrics {
  if (running === null) return metrics;
  const { read, inserted, updated, unchanged, deleted, batches } = running;
  return { ...metrics, read, inserted, updated, unchanged, deleted, batches };
}

/** Records read twice (window edges, cursor restarts) count once; the second reading found them unchanged. */
function exactCounts(metrics: SyncMetrics, seen: number) {
  const twice = Math.max(0, metrics.read - seen);
  return addMetrics(metrics, { read: -twice, unchanged: -Math.min(twice, metrics.unchanged) });
}
