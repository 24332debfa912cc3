import {
  CancellationScope,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import { addMetrics } from '../contract/metrics.ts';
import type {
  ClosedComparison,
  ComparisonRef,
  ComparisonState,
  OpenedComparison,
  ReconcileSourceInput,
} from '../contract/reconciliation.ts';
import { addEvidence, NO_EVIDENCE, type ScanWindow } from '../contract/scan.ts';
import type { SourceError, SourceStatus } from '../contract/summary.ts';
import { activities } from './activities.ts';
import { isFailure, sourceError } from './failure.ts';
import { isHistoryLong, type ScanEnd } from './history-length.ts';
import { setStatusAttribute } from './search-attributes.ts';

/** Five pages: fewer and longer activities than a sync's, as nothing is merged meanwhile. */
const BATCH_RECORDS = 500;
/** Listings that may be given up and begun anew. */
const MAX_PASSES = 5;

/**
 * Compares one source with its table: open → list and compare in batches → find rows that the listing lacks → ask
 * about single records → close. It takes no fence and changes no table, so a sync may run beside it.
 */
export async function reconcileSource(input: ReconcileSourceInput): Promise<ClosedComparison> {
  let state = input.carried;
  let status: SourceStatus = 'complete';
  let error: SourceError | null = null;
  let cancelled: unknown;
  try {
    const report = (next: ComparisonState) => {
      state = next;
      setCurrentDetails(describeProgress(input, next));
    };
    report(state ?? (await open(input, 0)));
    for (;;) {
      const end = await compareOrSetBack(input, state as ComparisonState, report);
      if (end === 'continue-as-new')
        await continueAsNew<typeof reconcileSource>({ ...input, carried: state });
      if (end === 'done') break;
    }
  } catch (thrown) {
    if (isCancellation(thrown)) cancelled = thrown;
    // Thrown by continueAsNew itself: the SDK ends the workflow with it.
    else if (thrown instanceof Error && thrown.name === 'ContinueAsNew') throw thrown;
    status = cancelled ? 'cancelled' : isFailure(thrown, 'Blocked') ? 'incomplete' : 'failed';
    error = cancelled ? null : sourceError(thrown);
  }
  const closed = await CancellationScope.nonCancellable(() =>
    activities.closeComparison(`close ${input.alias}: ${status}`, {
      ...keyOf(input),
      workflow_id: workflowInfo().workflowId,
      pass: state?.pass ?? 0,
      status,
      gaps: state?.gaps ?? [],
      requests: state?.metrics.requests ?? 0,
      error,
    }),
  );
  setStatusAttribute(closed.status);
  if (cancelled) throw cancelled;
  return closed;
}

const keyOf = ({ run_id, platform, source_id, alias }: ReconcileSourceInput) => ({
  run_id,
  platform,
  source_id,
  alias,
});

async function open(input: ReconcileSourceInput, pass: number): Promise<ComparisonState> {
  const opened = await activities.openComparison(`open ${input.alias}`, {
    ...keyOf(input),
    workflow_id: workflowInfo().workflowId,
    choice: input.choice,
    options: input.options,
    pass,
  });
  return {
    opened,
    pass,
    windows: opened.windows,
    free_window: Math.max(0, ...opened.windows.map((window) => window.window + 1)),
    batches: 0,
    records: 0,
    evidence: NO_EVIDENCE,
    metrics: opened.metrics,
    to_ask: opened.to_ask,
    to_find_surplus: opened.mode === 'full',
    gaps: [],
  };
}

type Report = (state: ComparisonState) => void;

/** Compares on. A listing that is lost (its cursor cannot be entered again) begins anew, a few times. */
async function compareOrSetBack(
  input: ReconcileSourceInput,
  from: ComparisonState,
  report: Report,
): Promise<ScanEnd | 'again'> {
  let state = from;
  const advance: Report = (next) => report((state = next));
  try {
    return await compare(input, from, advance);
  } catch (thrown) {
    if (!isFailure(thrown, 'CursorLost') || state.pass >= MAX_PASSES) throw thrown;
    const reopened = await open(input, state.pass + 1);
    report({ ...reopened, metrics: addMetrics(state.metrics, reopened.metrics) });
    return 'again';
  }
}

async function compare(
  input: ReconcileSourceInput,
  from: ComparisonState,
  report: Report,
): Promise<ScanEnd> {
  let state = from;
  const comparison = comparisonRef(input, from.opened, from.pass);
  for (;;) {
    if (isHistoryLong()) return 'continue-as-new';
    const next = await step(comparison, state);
    if (next === null) return 'done';
    report((state = next));
  }
}

const comparisonRef = (
  input: ReconcileSourceInput,
  { schema_changed, watermark }: OpenedComparison,
  pass: number,
): ComparisonRef => ({
  ...keyOf(input),
  pass,
  options: input.options,
  schema_changed,
  watermark,
});

/** One activity; null when all is done. */
function step(comparison: ComparisonRef, state: ComparisonState): Promise<ComparisonState> | null {
  const [window] = state.windows;
  const { list_at_most } = state.opened;
  const left = list_at_most === null ? BATCH_RECORDS : list_at_most - state.records;
  if (window !== undefined && left > 0) {
    return compareNext(comparison, state, window, Math.min(left, BATCH_RECORDS));
  }
  if (state.to_find_surplus) return findSurplus(comparison, state);
  return state.to_ask > 0 ? askSlice(comparison, state) : null;
}

async function compareNext(
  comparison: ComparisonRef,
  state: ComparisonState,
  window: ScanWindow,
  max_records: number,
): Promise<ComparisonState> {
  const { free_window } = state;
  const batch = await activities.compareBatch(
    `${comparison.alias}: compare batch ${state.batches + 1}`,
    { comparison, window, free_window, max_records },
  );
  const opened = batch.windows.filter(({ done }) => !done);
  return {
    ...state,
    windows: [...opened, ...state.windows.slice(1)],
    free_window: Math.max(free_window, ...batch.windows.map((one) => one.window + 1)),
    batches: state.batches + 1,
    records: state.records + batch.records,
    evidence: addEvidence(state.evidence, batch.evidence),
    metrics: addMetrics(state.metrics, batch.metrics),
    to_ask: batch.to_ask,
  };
}

async function findSurplus(
  comparison: ComparisonRef,
  state: ComparisonState,
): Promise<ComparisonState> {
  const { batches, records, evidence } = state;
  const found = await activities.findSurplus(
    `${comparison.alias}: find rows that the platform did not list`,
    { comparison, batches, records, evidence },
  );
  return { ...state, to_find_surplus: false, gaps: found.gaps, to_ask: found.to_ask };
}

async function askSlice(
  comparison: ComparisonRef,
  state: ComparisonState,
): Promise<ComparisonState> {
  const { metrics, to_ask } = await activities.askPlatform(
    `${comparison.alias}: ask about ${state.to_ask} records`,
    { comparison },
  );
  return { ...state, metrics: addMetrics(state.metrics, metrics), to_ask };
}

function describeProgress(input: ReconcileSourceInput, state: ComparisonState): string {
  const { opened, records, metrics, to_ask } = state;
  return [
    `**${input.alias}**: ${opened.mode} comparison`,
    `${records} records listed, ${to_ask} to ask about, ${metrics.requests} requests`,
  ].join('\n\n');
}
