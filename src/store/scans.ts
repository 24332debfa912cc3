import type { BatchKey } from '../contract/activities.ts';
import { addMetrics, syncMetrics, type SyncMetrics } from '../contract/metrics.ts';
import {
  NO_EVIDENCE,
  addEvidence,
  type Evidence,
  type ScanIdentity,
  type ScanMode,
  type ScanWindow,
} from '../contract/scan.ts';
import type { Queryable } from './database.ts';

/** A scan that was begun: where it stands, and whether it is young enough to go on. */
export interface Checkpoint {
  readonly identity: ScanIdentity;
  readonly ref: unknown;
  readonly windows: readonly ScanWindow[];
  readonly evidence: Evidence;
  readonly age_ms: number;
  readonly batches: number;
}

export async function readCheckpoint(db: Queryable, sourceId: number): Promise<Checkpoint | null> {
  const { rows } = await db.query<{
    id: string;
    mode: ScanMode;
    since: string | null;
    started_at: string;
    ref: unknown;
    schema_fingerprint: string;
    version: string | null;
    evidence: Partial<Evidence>;
    age_ms: number;
    windows: ScanWindow[];
    batches: number;
  }>(
    `select s.id, s.mode, appsync.iso(s.since) as since, appsync.iso(s.started_at) as started_at, s.ref,
            s.schema_fingerprint, s.version, s.evidence,
            extract(epoch from now() - s.created_at)::float8 * 1000 as age_ms,
            (select coalesce(jsonb_agg(w.state order by w.window_no), '[]')
               from appsync.scan_window w where w.scan_id = s.id) as windows,
            (select count(*) from appsync.batch b where b.scan_id = s.id) as batches
       from appsync.scan s where s.source_id = $1`,
    [sourceId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  return {
    identity: {
      scan_id: row.id,
      mode: row.mode,
      since: row.since,
      started_at: row.started_at,
      schema_fingerprint: row.schema_fingerprint,
      ...(row.version === null ? {} : { version: row.version }),
    },
    ref: row.ref,
    windows: row.windows,
    evidence: { ...NO_EVIDENCE, ...row.evidence },
    age_ms: row.age_ms,
    batches: row.batches,
  };
}

/** Begins the scan of a source that has none. */
export async function beginScan(
  tx: Queryable,
  sourceId: number,
  scan: ScanIdentity & { readonly ref: unknown; readonly windows: readonly ScanWindow[] },
): Promise<void> {
  await tx.query(
    `insert into appsync.scan (id, source_id, mode, since, started_at, ref, schema_fingerprint, version)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      scan.scan_id,
      sourceId,
      scan.mode,
      scan.since,
      scan.started_at,
      JSON.stringify(scan.ref),
      scan.schema_fingerprint,
      scan.version ?? null,
    ],
  );
  await saveWindows(tx, scan.scan_id, scan.windows);
}

/**
 * Forgets the source's scan: checkpoint, seen ids and staged rows, also those that late attempts staged for
 * scans that were over by then. The scans in staging are found step by step in its index, not by reading it.
 */
export async function endScan(tx: Queryable, sourceId: number): Promise<void> {
  await tx.query('delete from appsync.scan where source_id = $1', [sourceId]);
  await tx.query(
    `with recursive staged (scan_id) as (
       select min(scan_id) from appsync.staging
       union all
       select (select min(s.scan_id) from appsync.staging s where s.scan_id > staged.scan_id)
         from staged where staged.scan_id is not null
     )
     delete from appsync.staging where scan_id in (
       select scan_id from staged where not exists (select from appsync.scan where id = staged.scan_id)
     )`,
  );
}

export async function saveWindows(
  tx: Queryable,
  scanId: string,
  windows: readonly ScanWindow[],
): Promise<void> {
  await tx.query(
    `insert into appsync.scan_window (scan_id, window_no, state)
     select $1, (w ->> 'window')::integer, w from jsonb_array_elements($2::jsonb) as w
     on conflict (scan_id, window_no) do update set state = excluded.state`,
    [scanId, JSON.stringify(windows)],
  );
}

/** Where the windows of a scan stand; none when the scan is over. */
export async function readWindows(tx: Queryable, scanId: string): Promise<readonly ScanWindow[]> {
  const { rows } = await tx.query<{ state: ScanWindow }>(
    'select state from appsync.scan_window where scan_id = $1',
    [scanId],
  );
  return rows.map(({ state }) => state);
}

/** What merging these batches counted, when all of them are merged already; else null. */
export async function readMerged(
  tx: Queryable,
  scanId: string,
  batches: readonly BatchKey[],
): Promise<SyncMetrics | null> {
  const { rows } = await tx.query<{ metrics: Partial<SyncMetrics> }>(
    `select b.metrics from appsync.batch b
       join unnest($2::integer[], $3::integer[]) as k(window_no, batch_no) using (window_no, batch_no)
      where b.scan_id = $1`,
    [scanId, batches.map((batch) => batch.window), batches.map((batch) => batch.batch)],
  );
  if (rows.length < batches.length) return null;
  return rows.reduce((sum, row) => addMetrics(sum, row.metrics), syncMetrics());
}

/** Records merged batches: their counts, the ids they held and what they prove. */
export async function recordBatches(
  tx: Queryable,
  scan: { readonly scan_id: string; readonly source_id: number; readonly run_id: string },
  batches: readonly (BatchKey & {
    readonly metrics: SyncMetrics;
    readonly ids: readonly string[];
    /** Records that have no id to log. */
    readonly unidentified: number;
  })[],
  evidence: Evidence,
): Promise<void> {
  const windows = batches.map((batch) => batch.window);
  const numbers = batches.map((batch) => batch.batch);
  await tx.query(
    `insert into appsync.batch (scan_id, source_id, run_id, window_no, batch_no, metrics, records)
     select $1, $2, $3, b.*
       from unnest($4::integer[], $5::integer[], $6::jsonb[], $7::integer[]) as b`,
    [
      scan.scan_id,
      scan.source_id,
      scan.run_id,
      windows,
      numbers,
      batches.map((batch) => JSON.stringify(batch.metrics)),
      batches.map((batch) => batch.rows - batch.unidentified),
    ],
  );
  const seen = batches.filter(({ ids }) => ids.length > 0);
  if (seen.length > 0) await recordSeen(tx, scan.scan_id, seen);
  await recordEvidence(tx, scan.scan_id, evidence);
}

async function recordSeen(
  tx: Queryable,
  scanId: string,
  batches: readonly (BatchKey & { readonly ids: readonly string[] })[],
): Promise<void> {
  await tx.query(
    `insert into appsync.seen_ids (scan_id, window_no, batch_no, ids)
     select $1, (b ->> 'window')::integer, (b ->> 'batch')::integer,
            array(select jsonb_array_elements_text(b -> 'ids'))
       from jsonb_array_elements($2::jsonb) as b`,
    [scanId, JSON.stringify(batches.map(({ window, batch, ids }) => ({ window, batch, ids })))],
  );
}

/** Adds to what a scan saw. */
export async function recordEvidence(
  tx: Queryable,
  scanId: string,
  evidence: Evidence,
): Promise<void> {
  const { rows } = await tx.query<{ evidence: Partial<Evidence> }>(
    'select evidence from appsync.scan where id = $1 for update',
    [scanId],
  );
  await tx.query('update appsync.scan set evidence = $2 where id = $1', [
    scanId,
    JSON.stringify(addEvidence({ ...NO_EVIDENCE, ...rows[0]?.evidence }, evidence)),
  ]);
}

/** Whether a full scan has found the record so far. */
export async function isSeen(db: Queryable, scanId: string, recordId: string): Promise<boolean> {
  const { rows } = await db.query<{ seen: boolean }>(
    'select exists (select from appsync.seen_ids where scan_id = $1 and $2 = any (ids)) as seen',
    [scanId, recordId],
  );
  return rows[0]?.seen ?? false;
}
