import type { OpenSourceRef, SweepDeletedInput, SweptRecords } from '../contract/activities.ts';
import { DELETION_GUARD } from '../contract/options.ts';
import { SyncFailure } from '../errors.ts';
import type { Transaction } from '../store/database.ts';
import { proofGaps, readScanProof } from '../store/scan-proof.ts';
import { readCheckpoint } from '../store/scans.ts';
import { schemaFingerprint } from '../store/destination/schema-fingerprint.ts';
import { addToSourceRun } from '../store/source-runs.ts';
import { holdFence, readColumns, readSource, type SourceRow } from '../store/sources.ts';
import {
  beginSweep,
  countUnsettled,
  forgetSeen,
  isSweeping,
  readAsked,
} from '../store/deletions/sweep.ts';
import { settleDeleted, settlePresumed } from '../store/deletions/tombstones.ts';
import { countTruncated } from '../store/truncated-values.ts';
import { countUnread } from '../store/unread-content.ts';
import { connectSource } from './connect-account.ts';
import type { Dependencies } from './dependencies.ts';
import { inActivityTransaction, withHeartbeat, type Meter } from './running.ts';
import { NO_ROWS, settleRecord, type RowCounts } from './settle-record.ts';

/** Records asked about per activity: at 3 requests a second about 20 s. */
const SLICE = 60;
/** A slice ends early after this, with at least one record settled. */
const TIME_SLICE_MS = 45_000;

/**
 * Finds out what became of records that a whole full scan did not see, a slice at a time, and marks those as
 * deleted that are. Only a scan whose proof is whole begins a sweep; whatever is doubtful stays as it is and is
 * told when the source closes. Each record is settled in a transaction of its own under the source's fence, so
 * a second attempt goes on with what is left, and a zombie's answer changes nothing.
 */
export function sweepDeleted(deps: Dependencies, input: SweepDeletedInput): Promise<SweptRecords> {
  return withHeartbeat(async (meter) => {
    const { source: opened } = input;
    const source = await readSource(deps.db, opened.source_id);
    await checkSchema(deps, opened, source, meter);
    await inActivityTransaction(deps.db, async (tx) => {
      await holdFence(tx, opened);
      await noteUnseen(tx, opened, source);
    });
    const remaining = await settleSlice(deps, opened, source, meter);
    const metrics = meter.total();
    await inActivityTransaction(deps.db, async (tx) => {
      await holdFence(tx, opened);
      // What became of rows was added with each of them.
      await addToSourceRun(tx, opened, { ...metrics, ...NO_ROWS });
    });
    const truncated_values = await countTruncated(deps.db, source.id);
    const unread_contents = await countUnread(deps.db, source.id);
    return { metrics, remaining, truncated_values, unread_contents };
  });
}

/**
 * Rows that were read before and after a change of the schema do not make one table: a full scan over more than
 * one batch looks again when it is over. Throws SchemaChanged, and the workflow begins a new scan.
 */
async function checkSchema(
  deps: Dependencies,
  opened: OpenSourceRef,
  source: SourceRow,
  meter: Meter,
): Promise<void> {
  const { scan } = opened;
  if (scan.mode !== 'full' || (await isSweeping(deps.db, source.id, scan.scan_id))) return;
  const checkpoint = await readCheckpoint(deps.db, source.id);
  if (checkpoint === null || checkpoint.batches < 2) return;
  const { session, ref } = await connectSource(deps, source, opened, meter);
  const { fields } = await session.describe(ref);
  if (schemaFingerprint(fields) === scan.schema_fingerprint) return;
  throw new SyncFailure(
    'SchemaChanged',
    `the properties of ${opened.alias} changed while it was read`,
    {
      hint: `appsync all --source ${opened.alias}`,
    },
  );
}

/** A whole full scan says what is missing; any other can only clear up doubts about what it saw. */
async function noteUnseen(tx: Transaction, opened: OpenSourceRef, source: SourceRow) {
  const { scan, options } = opened;
  const isWhole = scan.mode === 'full' && (await isProven(tx, opened));
  if (!isWhole) return forgetSeen(tx, source.id, scan.scan_id);
  const share = options.max_delete ?? DELETION_GUARD.share;
  return beginSweep(tx, source, scan.scan_id, { rows: DELETION_GUARD.rows, share });
}

async function isProven(tx: Transaction, { source_id, run_id, scan }: OpenSourceRef) {
  const checkpoint = await readCheckpoint(tx, source_id);
  if (checkpoint?.identity.scan_id !== scan.scan_id) return false;
  const cut = await countTruncated(tx, source_id);
  const gaps = proofGaps(await readScanProof(tx, scan.scan_id, run_id));
  return checkpoint.evidence.gaps.length === 0 && gaps.length === 0 && cut === 0;
}

/** Returns how many records the platform is still to be asked about. */
async function settleSlice(
  deps: Dependencies,
  opened: OpenSourceRef,
  source: SourceRow,
  meter: Meter,
): Promise<number> {
  const started = performance.now();
  const { platform, session, ref } = await connectSource(deps, source, opened, meter);
  const underFence = async (work: (tx: Transaction) => Promise<RowCounts>) => {
    const counts = await inActivityTransaction(deps.db, async (tx) => {
      await holdFence(tx, opened);
      const done = { ...NO_ROWS, ...(await work(tx)) };
      await addToSourceRun(tx, opened, done);
      return done;
    });
    meter.count(counts);
  };
  if (session.locate === undefined) {
    // What a whole listing of such a platform lacks is deleted.
    await underFence(async (tx) => {
      const asked = await settleDeleted(tx, source, { state: 'ask' }, opened);
      return { deleted: asked + (await settlePresumed(tx, source, opened)) };
    });
    return 0;
  }
  const columns = await readColumns(deps.db, source.id);
  const about = { opened, source, columns, software: deps.version };
  const ids = await readAsked(deps.db, source.id, Math.max(SLICE, platform.located_at_once));
  for (let from = 0; from < ids.length; from += platform.located_at_once) {
    const some = ids.slice(from, from + platform.located_at_once);
    for (const [recordId, where] of await session.locate(ref, some, columns)) {
      await underFence((tx) => settleRecord(tx, about, recordId, where));
    }
    if (performance.now() - started > TIME_SLICE_MS) break;
  }
  const { asked, presumed } = await countUnsettled(deps.db, source.id);
  if (asked === 0 && presumed > 0) {
    await underFence(async (tx) => ({ deleted: await settlePresumed(tx, source, opened) }));
  }
  return asked;
}
