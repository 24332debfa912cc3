import { patched } from '@temporalio/workflow';
import type { OpenSourceRef, StagedBatch } from '../contract/activities.ts';
import { addMetrics, syncMetrics } from '../contract/metrics.ts';
import { batchName } from '../contract/names.ts';
import { NO_EVIDENCE, OPENED_BY_A_BATCH, addEvidence, type ScanWindow } from '../contract/scan.ts';
import type { ScanState } from '../contract/workflows.ts';
import { activities } from './activities.ts';
import { isFailure } from './failure.ts';
import { isHistoryLong, type ScanEnd } from './history-length.ts';
import { freeWindow, openWindows, replaceWindows } from './open-windows.ts';
import { settleRecords } from './settle-records.ts';
import type { SteeredSource } from './steered-source.ts';

const MAX_SETBACKS = 5;

/** Windows of a source that are read at once. */
const MOST_WINDOWS = 4;

/**
 * Reads all windows of a scan to their end and settles what they left open, several windows at once where there are.
 * While batches are merged, all at once, the next of each window are fetched. `report` gets the state after every
 * step; it is what is carried on. A pause, a long history and a failure let what was fetched be merged first, so
 * that nothing lies in staging meanwhile and no request was for nothing. `first` is staged already.
 */
export async function scanSource(
  steered: SteeredSource,
  from: ScanState,
  report: (state: ScanState) => void,
  first: StagedBatch | null = null,
): Promise<ScanEnd> {
  let state = from;
  const advance = (next: ScanState) => report((state = next));
  let staged: readonly StagedBatch[] = [];
  const take = (batches: readonly StagedBatch[], { options }: OpenSourceRef) => {
    const isMerged = options.streaming || batches.length === 0;
    staged = isMerged ? batches : [];
    if (!isMerged) advance(batches.reduce(keepUnpublished, state));
  };
  if (first !== null) take([first], steered.current());
  let failed: PromiseRejectedResult | undefined;
  while (staged.length > 0 || failed !== undefined || state.windows.length > 0) {
    if (staged.length === 0 && failed !== undefined) throw failed.reason;
    if (staged.length === 0) await steered.whilePaused();
    if (staged.length === 0 && isHistoryLong()) return 'continue-as-new';
    const source = steered.current();
    const isEnding = failed !== undefined || isHistoryLong() || steered.isPaused();
    const fetching = isEnding ? [] : fetchBatches(source, state, staged);
    const merging: Promise<ScanState> | null =
      staged.length === 0 ? null : mergeBatches(source, staged, state);
    const [fetched, [merged]] = await Promise.all([
      Promise.allSettled(fetching),
      Promise.allSettled([merging]),
    ]);
    if (merged.status === 'rejected') {
      advance(setBack(state, merged.reason));
      staged = [];
      continue;
    }
    if (merged.value !== null) advance(merged.value);
    take(
      fetched.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
      source,
    );
    failed ??= fetched.find((one) => one.status === 'rejected');
  }
  if (state.unpublished.length > 0) {
    await steered.whilePaused();
    if (steered.isPaused()) return 'continue-as-new';
    advance(await publishOrSetBack(steered.current(), state));
    if (state.windows.length > 0) return scanSource(steered, state, report);
  }
  return settleRecords(steered, state, advance);
}

/** Fetches the next batch of each window to be read, as it will be once `staged` is merged. */
function fetchBatches(
  source: OpenSourceRef,
  state: ScanState,
  staged: readonly StagedBatch[],
): Promise<StagedBatch>[] {
  const windows = staged.reduce(
    (open, batch) => replaceWindows(open, batch.windows),
    [...state.windows],
  );
  // Runs that began under an earlier version are replayed as they went: window after window.
  const isSideBySide = windows.length > 1 && patched('windows are read side by side');
  const most = isSideBySide ? Math.min(MOST_WINDOWS, source.options.pool_size) : 1;
  const free = freeWindow(state, staged);
  return windows
    .slice(0, most)
    .map((window, i) => fetchBatch(source, window, free + i * OPENED_BY_A_BATCH));
}

const fetchBatch = (source: OpenSourceRef, window: ScanWindow, free_window: number) =>
  activities.fetchBatch(
    `${source.alias}: fetch batch ${batchName(window.window, window.next_batch)}`,
    {
      source,
      window,
      free_window,
    },
  );

async function mergeBatches(
  source: OpenSourceRef,
  staged: readonly StagedBatch[],
  state: ScanState,
): Promise<ScanState> {
  const keys = staged.map(({ window, batch, attempt, rows }) => ({ window, batch, attempt, rows }));
  const names = keys.map((key) => batchName(key.window, key.batch)).join(', ');
  const rows = keys.reduce((sum, key) => sum + key.rows, 0);
  const windows = staged.flatMap((batch) => batch.windows);
  const evidence = staged.map((batch) => batch.evidence).reduce(addEvidence);
  const metrics = staged.map((batch) => batch.metrics).reduce(addMetrics);
  const merged = await activities.upsertBatch(
    `${source.alias}: merge ${keys.length > 1 ? 'batches' : 'batch'} ${names} (${rows} records)`,
    { source, batches: keys, windows, evidence, metrics },
  );
  return {
    ...state,
    windows: replaceWindows(state.windows, windows),
    free_window: freeWindow(state, staged),
    evidence: addEvidence(state.evidence, evidence),
    metrics: addMetrics(state.metrics, merged.metrics),
    truncated_values: merged.truncated_values,
    unread_contents: merged.unread_contents,
    setbacks: 0,
  };
}

function keepUnpublished(state: ScanState, staged: StagedBatch): ScanState {
  const { windows, evidence, metrics, ...key } = staged;
  return {
    ...state,
    windows: replaceWindows(state.windows, windows),
    free_window: freeWindow(state, [staged]),
    walked: [...state.walked, ...windows.filter((window) => window.done)],
    unpublished: [...state.unpublished, key],
    evidence: addEvidence(state.evidence, evidence),
    pending: addMetrics(state.pending, metrics),
  };
}

/** Without streaming nothing is merged before this: staged rows that are gone mean the scan from its start. */
async function publishOrSetBack(source: OpenSourceRef, state: ScanState): Promise<ScanState> {
  try {
    return await publish(source, state);
  } catch (thrown) {
    return { ...setBack(state, thrown), windows: openWindows(state.opened.windows) };
  }
}

async function publish(source: OpenSourceRef, state: ScanState): Promise<ScanState> {
  const merged = await activities.upsertBatch(
    `${source.alias}: publish ${state.unpublished.length} batches at once`,
    {
      source,
      batches: state.unpublished,
      windows: state.walked,
      evidence: state.evidence,
      metrics: state.pending,
    },
  );
  return {
    ...state,
    unpublished: [],
    walked: [],
    metrics: addMetrics(state.metrics, merged.metrics),
    pending: syncMetrics(),
    truncated_values: merged.truncated_values,
    unread_contents: merged.unread_contents,
    setbacks: 0,
  };
}

/** Staged rows are gone (Postgres recovered from a crash): go on from what is merged. Anything else is thrown. */
function setBack(state: ScanState, reason: unknown): ScanState {
  if (!isFailure(reason, 'StagingLost') || state.setbacks >= MAX_SETBACKS) throw reason;
  const unpublished = state.unpublished.length > 0;
  return {
    ...state,
    ...(unpublished
      ? { unpublished: [], walked: [], evidence: NO_EVIDENCE, pending: syncMetrics() }
      : {}),
    metrics: countUnpublished(state),
    setbacks: state.setbacks + 1,
  };
}

/** The counts of a scan whose unpublished batches are given up: their requests were made all the same. */
export const countUnpublished = (state: ScanState) =>
  addMetrics(state.metrics, { ...state.pending, read: 0, batches: 0 });
