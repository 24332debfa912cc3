import { cancellationSignal } from '@temporalio/activity';
import type { AskPlatformInput, AskedPlatform, ComparisonRef } from '../contract/reconciliation.ts';
import type { Column, ConvertedRecord } from '../contract/schema.ts';
import type { Whereabouts } from '../platforms/session.ts';
import { compareAbsent, compareStaged, readClock } from '../store/reconciliation/comparison.ts';
import {
  countQuestions,
  readQuestions,
  settleEdits,
} from '../store/reconciliation/comparison-questions.ts';
import { inTransaction } from '../store/database.ts';
import { addProgress, holdReconciliation } from '../store/reconciliation/reconciliations.ts';
import { readColumns, readSource, type SourceRow } from '../store/sources.ts';
import { copyRecords } from '../store/staging.ts';
import { stagingKey } from './compare-batch.ts';
import { connectSource, type ConnectedSource } from './connect-account.ts';
import type { Dependencies } from './dependencies.ts';
import { withHeartbeat, type Meter } from './running.ts';

/** Requests per activity: at 3 a second about 20 s. */
const SLICE = 60;
/** A slice ends early after this, with at least one question answered. */
const TIME_SLICE_MS = 45_000;

/**
 * Asks the platform about single records, a slice at a time: first where they are, then which of those that differ
 * were edited lately. Each answer is noted in a transaction of its own, so any attempt goes on with what is left.
 */
export function askPlatform(deps: Dependencies, input: AskPlatformInput): Promise<AskedPlatform> {
  return withHeartbeat(async (meter) => {
    const { comparison } = input;
    const started = performance.now();
    const source = await readSource(deps.db, comparison.source_id);
    const columns = await readColumns(deps.db, source.id);
    const connected = await connectSource(deps, source, comparison, meter);
    const asker = { deps, comparison, source, columns, meter, ...connected };
    const limit = Math.max(1, connected.platform.located_at_once);
    for (let asked = 0; asked < SLICE; asked++) {
      if (!(await askOnce(asker, limit))) break;
      if (performance.now() - started > TIME_SLICE_MS) break;
    }
    return { metrics: meter.total(), to_ask: await countQuestions(deps.db, comparison) };
  });
}

interface Asker extends ConnectedSource {
  readonly deps: Dependencies;
  readonly comparison: ComparisonRef;
  readonly source: SourceRow;
  readonly columns: readonly Column[];
  readonly meter: Meter;
}

/** Returns whether there was a question. */
async function askOnce(asker: Asker, limit: number): Promise<boolean> {
  const { deps, comparison } = asker;
  const records = await readQuestions(deps.db, comparison, 'record', limit);
  if (records.length > 0) {
    await lookUp(asker, records);
    return true;
  }
  const edits = await readQuestions(deps.db, comparison, 'edits', limit);
  if (edits.length > 0) await askEdits(asker, edits);
  return edits.length > 0;
}

async function lookUp(asker: Asker, ids: readonly string[]): Promise<void> {
  const { deps, comparison, source, columns, session, ref, meter } = asker;
  const askedAt = await readClock(deps.db);
  const requests = meter.total().requests;
  const found = (await session.locate?.(ref, ids, columns)) ?? new Map<string, Whereabouts>();
  const present = recordsIn(found);
  const known = new Set(present.map(({ id }) => id));
  const staging = stagingKey(comparison);
  await inTransaction(deps.db, async (tx) => {
    await holdReconciliation(tx, comparison);
    await copyRecords(tx, staging, columns, present, cancellationSignal());
    await compareStaged(tx, source, columns, comparison, staging, {
      asked_at: askedAt,
      schema_changed: comparison.schema_changed,
      can_ask_edits: session.editedSince !== undefined,
    });
    const absent = ids.filter((id) => !known.has(id));
    await compareAbsent(tx, source, comparison, absent, askedAt);
    const more = meter.total().requests - requests;
    await addProgress(tx, comparison, { checked: ids.length, requests: more });
  });
}

const recordsIn = (found: ReadonlyMap<string, Whereabouts>): readonly ConvertedRecord[] =>
  [...found.values()].flatMap((where) => (where.state === 'present' ? [where.record] : []));

async function askEdits(asker: Asker, ids: readonly string[]): Promise<void> {
  const { deps, comparison, session, ref, meter } = asker;
  const requests = meter.total().requests;
  const { watermark } = comparison;
  const edited =
    watermark === null || session.editedSince === undefined
      ? new Set<string>()
      : await session.editedSince(ref, ids, watermark);
  await inTransaction(deps.db, async (tx) => {
    await holdReconciliation(tx, comparison);
    await settleEdits(tx, comparison, ids, [...edited]);
    const more = meter.total().requests - requests;
    await addProgress(tx, comparison, { checked: 0, requests: more });
  });
}
