import { randomUUID } from 'node:crypto';
import type { OpenSourceInput } from '../contract/activities.ts';
import type { ScanIdentity, ScanWindow } from '../contract/scan.ts';
import { chooseScan } from '../contract/scan-choice.ts';
import { describeChanges } from '../contract/schema-change.ts';
import type { Column, SourceSchema } from '../contract/schema.ts';
import type { SourceVersion } from '../platforms/session.ts';
import type { Transaction } from '../store/database.ts';
import { fitTable } from '../store/destination/fit-table.ts';
import { schemaFingerprint } from '../store/destination/schema-fingerprint.ts';
import { beginHeal, readHeal } from '../store/reconciliation/heal.ts';
import { canResume, placeOf } from '../store/resume.ts';
import { beginScan, endScan, readCheckpoint } from '../store/scans.ts';
import { breakChain } from '../store/source-state.ts';
import { readColumns, type SourceRow } from '../store/sources.ts';
import { prepareContent, queueOldest } from '../store/unread-content.ts';
import type { ConnectedSource } from './connect-account.ts';
import type { Dependencies } from './dependencies.ts';

/** What the platform says of the source before any record is read. */
export interface Sight {
  readonly schema: SourceSchema;
  readonly version: SourceVersion | null;
  /** Nothing in it changed since the last whole scan. */
  readonly isUnchanged: boolean;
}

/** A source that did not change has the schema that is known: to read it may mean to read all of a file. */
export async function look(
  deps: Dependencies,
  source: SourceRow,
  { options }: OpenSourceInput,
  { session, ref }: ConnectedSource,
): Promise<Sight> {
  const version = (await session.readVersion?.(ref)) ?? null;
  const isKnown = version !== null && source.certified && version.version === source.version;
  if (version === null || !isKnown || !options.incremental) {
    return { schema: await session.describe(ref), version, isUnchanged: false };
  }
  const { external_id, alias: title } = source;
  const fields = await readColumns(deps.db, source.id);
  const schema = { title, external_id, fields, server_time: version.server_time };
  return { schema, version, isUnchanged: true };
}

/** A scan that was chosen, and what its records are converted for. */
export interface ChosenScan {
  readonly scan: ScanIdentity;
  readonly windows: readonly ScanWindow[];
  readonly reason: string;
  readonly columns: readonly Column[];
}

/**
 * Makes the table fit what was seen of the source and chooses its scan: on from a checkpoint, incremental from the
 * watermark, or full. In the caller's transaction, under the fence.
 */
export async function beginOrResume(
  tx: Transaction,
  source: SourceRow,
  input: OpenSourceInput,
  { platform, session, ref }: ConnectedSource,
  { schema, version: seen, isUnchanged }: Sight,
): Promise<ChosenScan> {
  const table = await fitTable(tx, source, schema.fields, {
    run_id: input.run_id,
    createConverter: (columns) => platform.createConverter(columns, ref),
  });
  await prepareContent(tx, source);
  const changed = describeChanges(table.changes);
  const fingerprint = schemaFingerprint(table.columns);
  // Before the scan, not after it: should this one not end whole, the next must not be incremental.
  if (table.needs_full_scan) await breakChain(tx, source.id);
  const former = await readCheckpoint(tx, source.id);
  const checkpoint = table.needs_full_scan ? null : former;
  const heal = await readHeal(tx, source.id);
  const version = seen?.version;
  const terms = {
    incremental: input.options.incremental,
    fingerprint,
    heal_scan: heal === null ? undefined : heal.scan_id,
    give_up_scan: input.give_up_scan ?? undefined,
    version,
  };
  if (checkpoint !== null && canResume(checkpoint, source, terms)) {
    return {
      scan: checkpoint.identity,
      windows: checkpoint.windows,
      columns: table.columns,
      reason:
        checkpoint.batches === 0 ? 'begun before' : `resumed after ${checkpoint.batches} batches`,
    };
  }
  const { mode, since, ...chosen } = chooseScan(source, input.options, {
    listed_whole: !(platform.supportsIncremental?.(ref) ?? true),
    unchanged: isUnchanged,
    lacks_values: table.needs_full_scan,
    schema_changed: source.schema_fingerprint !== fingerprint,
    to_heal: heal?.records ?? 0,
  });
  const reason = changed === '' ? chosen.reason : `${chosen.reason}: ${changed}`;
  const planned = session.planScan({ ref, mode, since, version });
  const isRead = isUnchanged && mode === 'incremental';
  const windows = isRead ? planned.map((window) => ({ ...window, done: true })) : planned;
  const scan: ScanIdentity = {
    scan_id: randomUUID(),
    mode,
    since,
    started_at: schema.server_time,
    schema_fingerprint: fingerprint,
    ...(version === undefined ? {} : { version }),
  };
  if (former !== null) await endScan(tx, source.id);
  await beginScan(tx, source.id, { ...scan, ref: placeOf(source), windows });
  if (heal !== null) await beginHeal(tx, source, heal, scan.scan_id);
  if (mode === 'full' && source.content !== null) await queueOldest(tx, source, scan.started_at);
  return { scan, windows, reason, columns: table.columns };
}
