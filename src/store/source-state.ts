import type { ScanIdentity } from '../contract/scan.ts';
import type { SourceStatus } from '../contract/summary.ts';
import type { Queryable } from './database.ts';

/**
 * With the end of a sync nobody holds the source any more. Its fence number stays: a zombie of this run is still kept out
 * by the next.
 */
const RELEASED = 'holder_run_id = null, holder_execution = null';

interface SourceStateBase {
  readonly source_id: number;
  readonly now: Date;
  readonly next_due_at: Date | null;
}

/**
 * A sync whose scan saw everything ended: the watermark becomes its original start on the server's clock less the
 * overlap, never the time of the run that happened to finish it. An incremental scan never moves it back. The
 * age of a full scan counts from its original start, too, by Postgres' clock. The source itself may still not be
 * complete: deletions that wait for consent, and records in quarantine, do not make a scan less whole.
 */
export async function recordWholeScan(
  tx: Queryable,
  state: SourceStateBase & {
    readonly scan: ScanIdentity;
    readonly status: SourceStatus;
    readonly certified: boolean;
    readonly overlap_ms: number;
    readonly records: number;
  },
): Promise<void> {
  await tx.query(
    `update appsync.source
        set watermark = case when $2 = 'full' then w.mark else greatest(watermark, w.mark) end,
            certified = $3,
            full_scan_at = case when $2 = 'full' then (
              select created_at from appsync.scan where id = $10) else full_scan_at end,
            full_scan_records = case when $2 = 'full' then $7 else full_scan_records end,
            version = case when $2 = 'full' then $12 else version end,
            schema_fingerprint = $8, next_due_at = $9, last_status = $11, last_synced_at = $6,
            failures = 0, failing_since = null, last_failure = null, ${RELEASED}
       from (select $4::timestamptz - $5::float8 * interval '1 millisecond' as mark) w
      where id = $1`,
    [
      state.source_id,
      state.scan.mode,
      state.certified,
      state.scan.started_at,
      state.overlap_ms,
      state.now,
      state.records,
      state.scan.schema_fingerprint,
      state.next_due_at,
      state.scan.scan_id,
      state.status,
      state.scan.version ?? null,
    ],
  );
}

/**
 * A sync whose scan did not end whole ended: the watermark stays where it was, so nothing is skipped. `failure` is its type; null
 * when a person ended it, which says nothing of the source.
 */
export async function recordAttempt(
  tx: Queryable,
  state: SourceStateBase & { readonly status: SourceStatus; readonly failure: string | null },
): Promise<void> {
  await tx.query(
    `update appsync.source
        set last_status = $2, next_due_at = $3, ${RELEASED},
            failures = failures + ($4::text is not null)::integer,
            failing_since = case when $4::text is null then failing_since
              else coalesce(failing_since, $5::timestamptz) end,
            last_failure = coalesce($4, last_failure)
      where id = $1`,
    [state.source_id, state.status, state.next_due_at, state.failure, state.now],
  );
}

/** The table lacks values: what earlier scans certified says nothing of it until a full scan ends whole. */
export async function breakChain(tx: Queryable, sourceId: number): Promise<void> {
  await tx.query('update appsync.source set certified = false where id = $1', [sourceId]);
}
