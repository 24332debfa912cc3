import { withCatalogApplied } from '../catalog/apply.ts';
import type { CatalogFile } from '../catalog/file.ts';
import { findSources, type SourceRow } from '../catalog/source-query.ts';
import type { SyncOptions } from '../contract/options.ts';
import type { ScanMode } from '../contract/scan.ts';
import { chooseScan } from '../contract/scan-choice.ts';
import { targetName, type Filters } from '../contract/target.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { builtInPlatforms } from '../platforms/registry.ts';
import type { Queryable } from '../store/database.ts';
import { countToHeal } from '../store/reconciliation/heal.ts';
import { readSource, type SourceRow as StoredSource } from '../store/sources.ts';
import { countUnread } from '../store/unread-content.ts';
import type { CommandContext } from './command.ts';
import type { Session } from './session.ts';
import type { SyncRequest } from './sync-options.ts';
import { resolveTargetAndFilters } from './sync-target.ts';
import type { TableColumn } from './table.ts';
import { formatAmount, formatRelative } from '../units.ts';

/** What a sync would do with one source, from what is known now; the schema is only read when it runs. */
export interface PlannedSource {
  readonly alias: string;
  readonly platform: string;
  readonly account: string;
  readonly table: string;
  readonly enabled: boolean;
  readonly mode: ScanMode;
  /** Incremental: records edited at or after this time. */
  readonly since: string | null;
  readonly reason: string;
  /** Records of the last full scan. */
  readonly expected: number | null;
  /**
   * Records whose content is to be read whatever the scan finds, one request each; null: all of them, and
   * nobody counted them yet. Only where the catalog wants content.
   */
  readonly contents?: number | null;
}

/** A source that matches and is left out by `--only-due`, and why. */
interface NotDueSource {
  readonly alias: string;
  readonly next_due_at: string | null;
  readonly reason: string;
}

interface Plan {
  readonly target: string;
  readonly filters: Filters;
  readonly sources: readonly PlannedSource[];
  /** With `--only-due` only. */
  readonly not_due?: readonly NotDueSource[];
}

/** `--dry-run`: which sources match and how each would be read. Plans from the file, applies nothing. */
export async function planSync(
  context: CommandContext,
  session: Session,
  file: CatalogFile | null,
  request: SyncRequest & { readonly target: string },
): Promise<ExitCode> {
  const { io, output } = context;
  const plan = (db: Queryable) => readPlan(db, request, new Date(io.now()));
  const planned =
    file === null ? await plan(session.db) : await withCatalogApplied(session.db, file, plan);
  if (output.json) {
    output.document({ dry_run: true, ...planned, options: request.options });
    return EXIT.ok;
  }
  if (planned.sources.length > 0) output.table(planColumns(io.now()), planned.sources);
  for (const line of contentLines(planned.sources)) output.note(line);
  for (const { alias, reason } of planned.not_due ?? []) {
    output.note(`${alias} is not due: ${reason}`);
  }
  const disabled = planned.sources.filter(({ enabled }) => !enabled).length;
  output.note();
  output.note(
    `dry run: ${formatAmount(planned.sources.length, 'source')} would be synced` +
      (disabled > 0 ? `, ${disabled} of them disabled (--only-enabled leaves them out)` : '') +
      '; nothing was written',
  );
  return EXIT.ok;
}

async function readPlan(
  db: Queryable,
  request: SyncRequest & { readonly target: string },
  now: Date,
): Promise<Plan> {
  const { target, filters } = await resolveTargetAndFilters(db, request.target, request.filters);
  const sources: PlannedSource[] = [];
  const found = await findSources(db, target, filters, now);
  for (const source of found) {
    sources.push(await planSource(db, source, request.options));
  }
  const plan: Plan = { target: targetName(target), filters, sources };
  if (filters.only_due !== true) return plan;
  const anyTime = { ...filters, only_due: false, only_enabled: true };
  const due = new Set(found.map(({ id }) => id));
  const not_due = (await findSources(db, target, anyTime, now))
    .filter(({ id }) => !due.has(id))
    .map((source) => notDue(source, now));
  return { ...plan, not_due };
}

function notDue(source: SourceRow, now: Date): NotDueSource {
  const { alias, next_due_at, failures, last_failure } = source;
  if (next_due_at === null || next_due_at <= now) {
    return { alias, next_due_at: null, reason: 'a run is at it' };
  }
  const next = next_due_at.toISOString();
  const setbacks =
    failures === 0
      ? ''
      : `, after it failed ${formatAmount(failures, 'time')} in a row (${last_failure ?? ''})`;
  return {
    alias,
    next_due_at: next,
    reason: `next ${formatRelative(next, now.getTime())}${setbacks}`,
  };
}

async function planSource(
  db: Queryable,
  source: SourceRow,
  options: SyncOptions,
): Promise<PlannedSource> {
  const state = await readSource(db, source.id);
  const to_heal = await countToHeal(db, source.id);
  return {
    alias: source.alias,
    platform: source.platform,
    account: source.account,
    table: `${source.table_schema}.${source.table_name}`,
    enabled: source.enabled,
    // From the file as it would be applied: a changed schema makes the scan full, too.
    ...chooseScan(state, options, { listed_whole: isListedWhole(source), to_heal }),
    expected: state.full_scan_records,
    ...(state.content === null ? {} : { contents: await expectedContents(db, state) }),
  };
}

const isListedWhole = ({ platform, ref }: SourceRow): boolean =>
  !(builtInPlatforms().get(platform)?.supportsIncremental?.(ref) ?? true);

/** Content that is wanted for the first time is read of every record. */
const expectedContents = async (db: Queryable, state: StoredSource): Promise<number | null> =>
  state.content_kept === null ? state.full_scan_records : countUnread(db, state.id);

/** What contents cost: requests, of which a plan allows few a second. */
function contentLines(sources: readonly PlannedSource[]): readonly string[] {
  return sources.flatMap(({ alias, contents }) => {
    if (contents === undefined) return [];
    const now =
      contents === null ? 'of every record' : `of ${formatAmount(contents, 'record')} now`;
    return [`${alias}: contents are read ${now}, then of each that changed: 1 request each`];
  });
}

function planColumns(now: number): readonly TableColumn<PlannedSource>[] {
  return [
    { header: 'SOURCE', text: ({ alias }) => alias },
    { header: 'TABLE', text: ({ table }) => table, shrinks: true },
    { header: 'MODE', text: ({ mode }) => mode },
    {
      header: 'WHY',
      text: ({ since, reason }) =>
        since === null ? reason : `changes since ${formatRelative(since, now)}`,
      shrinks: true,
      data: ({ reason }) => reason,
    },
    {
      header: 'ENABLED',
      text: ({ enabled }) => (enabled ? 'yes' : 'no'),
      data: ({ enabled }) => String(enabled),
    },
  ];
}
