import { scanCost, type Estimate } from '../contract/scan-cost.ts';
import { chooseScan, type ScanChoice } from '../contract/scan-choice.ts';
import { describeChanges, type SchemaChange } from '../contract/schema-change.ts';
import type { SyncOptions } from '../contract/options.ts';
import type { ScanMode } from '../contract/scan.ts';
import type { SourceSchema } from '../contract/schema.ts';
import { SyncFailure } from '../errors.ts';
import type { Platform } from '../platforms/platform.ts';
import type { PlannedFit, StandingTables } from '../store/destination/planned-tables.ts';
import type { PlanFacts } from '../store/plan-facts.ts';
import { canResume } from '../store/resume.ts';

/** What a sync would do with one source. */
export interface PlannedSource {
  readonly alias: string;
  readonly platform: string;
  readonly account: string;
  readonly table: string;
  readonly enabled: boolean;
  readonly outcome: 'sync' | 'skip' | 'fail';
  /** Why it would be skipped or fail; null: it would be synced. */
  readonly obstacle: string | null;
  readonly mode: ScanMode;
  /** Incremental: records edited at or after this time. */
  readonly since: string | null;
  readonly reason: string;
  /** Records to be read. */
  readonly records: Estimate;
  /** All requests: schema, pages, values that lists cut short, contents. */
  readonly requests: Estimate;
  /** Records whose content would be read, one request each; null: the catalog wants none. */
  readonly contents: Estimate | null;
  /** What the numbers rest on. */
  readonly basis: string;
  /** What would be done to the table. */
  readonly changes: readonly SchemaChange[];
  /** When the schema was read that the table was compared with; null: never. */
  readonly schema_read_at: string | null;
  /** `sweep`: what is gone is found, and nobody knows how much it is. Only full scans look for deletions. */
  readonly deletions: 'none' | 'sweep' | 'not looked for';
}

/** What was read of a source's schema for `--live`: the schema, or why it could not be read. */
export type LiveSchema =
  | { readonly kind: 'read'; readonly schema: SourceSchema }
  | { readonly kind: 'failed'; readonly message: string };

interface PlanInput {
  readonly facts: PlanFacts;
  readonly enabled: boolean;
  readonly platform: Platform | undefined;
  readonly tables: StandingTables;
  readonly options: SyncOptions;
  readonly live: LiveSchema | undefined;
}

/** Plans one source from what is known of it: pure, asks nobody. */
export function planSource(input: PlanInput): PlannedSource {
  const { facts, live, options } = input;
  const compared = compare(input);
  const isListedWhole = !(input.platform?.supportsIncremental?.(refOf(facts)) ?? true);
  const choice = choose(input, compared.fit, isListedWhole);
  const cost = scanCost(
    choice.mode,
    {
      ...facts,
      unread: unreadOf(facts),
      writes_all: compared.fit.needs_full_scan,
      listed_whole: isListedWhole,
      perhaps_unchanged: isListedWhole && isVersioned(facts),
      no_requests: input.platform?.needsNoRequests?.(refOf(facts)) ?? false,
      pages_done: choice.pages_done,
    },
    options.batch_size,
  );
  const { mode, since, reason } = choice;
  return {
    alias: facts.alias,
    platform: facts.platform,
    account: facts.account,
    table: `${facts.table_schema}.${facts.table_name}`,
    enabled: input.enabled,
    ...obstacleOf(facts, compared.obstacle),
    mode,
    since,
    reason,
    ...cost,
    changes: compared.fit.changes,
    schema_read_at: live?.kind === 'read' ? live.schema.server_time : facts.schema_read_at,
    deletions:
      mode === 'incremental' ? 'not looked for' : facts.records === null ? 'none' : 'sweep',
  };
}

/** Its platform tells versions: the last whole scan was of one. */
const isVersioned = ({ version }: PlanFacts): boolean => version !== null;

const refOf = (facts: PlanFacts) => facts.ref as Readonly<Record<string, string>>;

function obstacleOf(
  { held_by, paused_since }: PlanFacts,
  obstacle: string | null,
): Pick<PlannedSource, 'outcome' | 'obstacle'> {
  if (held_by !== null) {
    const doing = paused_since === null ? 'is at it' : 'pauses at it';
    return { outcome: 'skip', obstacle: `run ${held_by} ${doing}` };
  }
  return { outcome: obstacle === null ? 'sync' : 'fail', obstacle };
}

const NOTHING: PlannedFit = { changes: [], needs_full_scan: false, fingerprint: null };

/** The table compared with the schema, read just now or last. */
function compare({ facts, tables, live }: PlanInput): {
  readonly fit: PlannedFit;
  readonly obstacle: string | null;
} {
  if (live?.kind === 'failed') return { fit: NOTHING, obstacle: live.message };
  try {
    return { fit: tables.fit(facts, live?.schema.fields ?? null), obstacle: null };
  } catch (error) {
    if (!(error instanceof SyncFailure)) throw error;
    return { fit: NOTHING, obstacle: error.message };
  }
}

/** The choice of the real run: on with a scan that was begun, or the chooser's. */
function choose(
  { facts, options }: PlanInput,
  fit: PlannedFit,
  listed_whole: boolean,
): ScanChoice & { readonly pages_done: number } {
  const { checkpoint } = facts;
  const fingerprint = fit.fingerprint ?? facts.schema_fingerprint;
  const heal_scan = facts.is_healing ? facts.heal_scan : undefined;
  const terms = {
    incremental: options.incremental,
    fingerprint: fingerprint ?? '',
    heal_scan,
    // What it is a scan of is most likely what is there still.
    version: checkpoint?.identity.version,
  };
  if (checkpoint !== null && !fit.needs_full_scan && canResume(checkpoint, facts, terms)) {
    const { mode, since } = checkpoint.identity;
    const { batches, pages } = checkpoint;
    const reason = batches === 0 ? 'begun before' : `resumed after ${batches} batches`;
    return { mode, since, reason, pages_done: pages };
  }
  const choice = chooseScan(facts, options, {
    listed_whole,
    perhaps_unchanged: isVersioned(facts),
    lacks_values: fit.needs_full_scan,
    schema_changed: fingerprint !== facts.schema_fingerprint,
    to_heal: facts.to_heal,
  });
  const changed = describeChanges(fit.changes);
  const reason = changed === '' ? choice.reason : `${choice.reason}: ${changed}`;
  return { ...choice, reason, pages_done: 0 };
}

/** Contents that are read whatever the scan finds: where they were never wanted before, those of every record. */
function unreadOf({ content, content_kept, unread, records }: PlanFacts): number | null {
  if (content === null) return null;
  return content_kept === null ? (records ?? 0) : unread;
}
