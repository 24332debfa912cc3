import { createHash } from 'node:crypto';
import {
  expectedRequests,
  type ComparisonChoice,
  type OpenComparisonInput,
  type OpenedComparison,
} from '../contract/reconciliation.ts';
import type { Column } from '../contract/schema.ts';
import type { ScanWindow } from '../contract/scan.ts';
import { SyncFailure } from '../errors.ts';
import {
  askAboutDrift,
  askAboutSample,
  countQuestions,
  readCreatedAt,
} from '../store/reconciliation/comparison-questions.ts';
import { inTransaction, type Transaction } from '../store/database.ts';
import { missingColumns } from '../store/destination/table-state.ts';
import { readKeptDrift } from '../store/reconciliation/reconcile-results.ts';
import {
  addProgress,
  beginReconciliation,
  describeReconciliation,
  endAbandonedReconciliations,
  holdReconciliation,
} from '../store/reconciliation/reconciliations.ts';
import { schemaFingerprint } from '../store/destination/schema-fingerprint.ts';
import { readColumns, readSource, type SourceRow } from '../store/sources.ts';
import { connectSource, type ConnectedSource } from './connect-account.ts';
import type { Dependencies } from './dependencies.ts';
import { withHeartbeat } from './running.ts';

/**
 * Begins to compare a source: looks whether it has a table that fits, whether its schema is still the one that was
 * synced, and chooses what is compared. Changes nothing of the source itself. A second attempt chooses the same.
 */
export function openComparison(
  deps: Dependencies,
  input: OpenComparisonInput,
): Promise<OpenedComparison> {
  return withHeartbeat(async (meter) => {
    const source = await readSource(deps.db, input.source_id);
    await beginReconciliation(deps.db, input);
    const columns = await readColumns(deps.db, source.id);
    await refuseUnsynced(deps, source, columns);
    const connected = await connectSource(deps, source, input, meter);
    const { session, ref } = connected;
    const schema = await session.describe(ref);
    const version = (await session.readVersion?.(ref))?.version;
    const whole = () => session.planScan({ ref, mode: 'full', since: null, version });
    return inTransaction(deps.db, async (tx) => {
      await holdReconciliation(tx, input);
      await endAbandonedReconciliations(tx, source.id);
      const choice = await chooseAgain(tx, source, input.choice, connected);
      const listing = await planListing(tx, source, input, choice, { session, whole });
      await describeReconciliation(tx, {
        ...input,
        mode: choice.kind,
        expected_requests: expected(choice, source, connected),
      });
      const metrics = meter.total();
      await addProgress(tx, input, { checked: 0, requests: metrics.requests });
      return {
        mode: choice.kind,
        ...listing,
        schema_changed: schemaFingerprint(schema.fields) !== source.schema_fingerprint,
        watermark: source.watermark,
        to_ask: await countQuestions(tx, input),
        metrics,
      };
    });
  });
}

async function refuseUnsynced(
  { db }: Dependencies,
  source: SourceRow,
  columns: readonly Column[],
): Promise<void> {
  const missing = await missingColumns(db, source, columns);
  if (missing === null || columns.length === 0) {
    throw new SyncFailure('Misconfigured', `${source.alias} has no table yet`, {
      hint: `appsync all --source ${source.alias}`,
    });
  }
  const [column] = missing;
  if (column === undefined) return;
  throw new SyncFailure('Misconfigured', `the table of ${source.alias} lacks column ${column}`, {
    hint: `appsync all --source ${source.alias} (makes it anew and fills it)`,
  });
}

/** A second look at very many records, or at more than are kept by id, is cheaper as a full one. */
async function chooseAgain(
  tx: Transaction,
  source: SourceRow,
  choice: ComparisonChoice,
  { platform, session }: ConnectedSource,
): Promise<ComparisonChoice> {
  if (choice.kind !== 'again') return choice;
  if (session.locate === undefined) return { kind: 'full' };
  const { found, kept } = await readKeptDrift(tx, choice.of, source.id);
  const full = expectedRequests(
    { kind: 'full' },
    { records: source.full_scan_records, lookups: 0 },
  );
  const lookups = kept / platform.located_at_once;
  const isFull = found > kept || (full !== null && lookups > FEW_LOOKUPS && lookups > full);
  return isFull ? { kind: 'full' } : choice;
}

/** So many requests are never worth a full listing instead: half a minute of Notion's budget. */
const FEW_LOOKUPS = 100;

async function planListing(
  tx: Transaction,
  source: SourceRow,
  input: OpenComparisonInput,
  choice: ComparisonChoice,
  { session, whole }: Pick<ConnectedSource, 'session'> & { whole: () => readonly ScanWindow[] },
): Promise<Pick<OpenedComparison, 'windows' | 'list_at_most'>> {
  switch (choice.kind) {
    case 'full':
      return { windows: whole(), list_at_most: null };
    case 'again':
      await askAboutDrift(tx, input, choice.of);
      return { windows: [], list_at_most: 0 };
    case 'sample': {
      if (session.locate !== undefined) await askAboutSample(tx, source, input, choice);
      const created = await readCreatedAt(tx, source, placeOf(choice.seed), choice.size);
      const middle: ScanWindow | undefined =
        created === null ? undefined : session.listFrom?.(created);
      const windows = middle === undefined ? whole() : [middle];
      return { windows, list_at_most: choice.size };
    }
  }
}

/** A place in a table, from 0 to 1, that the seed decides. */
const placeOf = (seed: string) =>
  createHash('sha256').update(seed).digest().readUInt32BE(0) / 0x1_0000_0000;

function expected(choice: ComparisonChoice, source: SourceRow, { platform }: ConnectedSource) {
  if (choice.kind === 'again') return null;
  const lookups = platform.located_at_once;
  return expectedRequests(choice, { records: source.full_scan_records, lookups });
}
