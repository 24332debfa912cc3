import type { OpenSourceRef, StagedBatch } from '../contract/activities.ts';
import { addMetrics, syncMetrics } from '../contract/metrics.ts';
import { batchName } from '../contract/names.ts';
import { NO_EVIDENCE, addEvidence, type ScanWindow } from '../contract/scan.ts';
import type { ScanState } from '../contract/workflows.ts';
import { activities } from './activities.ts';
import { isFailure } from './failure.ts';
import { isHistoryLong, type ScanEnd } from './history-length.ts';
import { settleRecords } from './settle-records.ts';
import type { SteeredSource } from './steered-source.ts';

const MAX_SETBACKS = 5;

/**
 * Reads all windows of a scan to their end and settles what they left open. While one batch is merged the
 * next is fetched. `report` gets the state after every step; it is what is carried on. A pause lets what was
 * fetched be merged, so that nothing lies in staging meanwhile.
 */
export async function scanSource(
  steered: SteeredSource,
  from: ScanState,
  report: (state: ScanState) => void,
): Promise<ScanEnd> {
  let state = from;
  const advance = (next: ScanState) => report((state = next));
  let staged: StagedBatch | null = null;
  while (staged !== null || state.windows.length > 0) {
    if (staged === null) await steered.whilePaused();
    if (staged === null && isHistoryLong()) return 'continue-as-new';
    const source = steered.current();
    const window = nextWindow(state, staged);
    // A long history first lets the staged batch be merged, then continues as new.
    const fetching: Promise<StagedBatch> | null =
      window === undefined || isHistoryLong() || steered.isPaused()
        ? null
        : fetchBatch(source, window, freeWindow(state, staged));
    const merging: Promise<ScanState> | null =
      staged === null ? null : mergeBatch(source, staged, state);
    const [fetched, merged]: [
      PromiseSettledResult<StagedBatch | null>,
      PromiseSettledResult<ScanState | null>,
    ] = await Promise.allSettled([fetching, merging]);
    if (merged.status === 'rejected') {
      advance(setBack(state, merged.reason));
      staged = null;
      continue;
    }
    if (merged.value !== null) advance(merged.value);
    staged = fetched.status === 'fulfilled' ? fetched.value : null;
    if (fetched.status === 'rejected') throw fetched.reason;
    if (staged !== null && !source.options.streaming) {
      advance(keepUnpublished(state, staged));
      staged = null;
    }
  }
  if (state.unpublished.length > 0) {
    await steered.whilePaused();
    if (steered.isPaused()) return 'continue-as-new';
    advance(await publishOrSetBack(steered.current(), state));
    if (state.windows.length > 0) return scanSource(steered, state, report);
  }
  return settleRecords(steered, state, advance);
}

/** The lowest number that no window has or had. */
const freeWindow = (
  state: Pick<ScanState, 'free_window'>,
  staged: Pick<StagedBatch, 'windows'> | null,
): number =>
  Math.max(state.free_window, ...(staged?.windows ?? []).map((window) => window.window + 1));

const openWindows = (windows: readonly ScanWindow[]) => windows.filter((window) => !window.done);

/** The window to read next, as it will be once `staged` is merged. */
function nextWindow(state: ScanState, staged: StagedBatch | null): ScanWindow | undefined {
  return (staged === null ? state.windows : replaceWindows(state.windows, staged.windows))[0];
}

function replaceWindows(windows: readonly ScanWindow[], next: readonly ScanWindow[]): ScanWindow[] {
  const numbers = new Set(next.map((window) => window.window));
  return openWindows([
    ...next,
    ...windows.filter((window) => !numbers.has(window.window)),
  ]).toSorted((a, b) => a.window - b.window);
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

async function mergeBatch(
  source: OpenSourceRef,
  staged: StagedBatch,
  state: ScanState,
): Promise<ScanState> {
  const { windows, evidence, metrics, ...key } = staged;
  const merged = await activities.upsertBatch(
    `${source.alias}: merge batch ${batchName(key.window, key.batch)} (${key.rows} records)`,
    { source, batches: [key], windows, evidence, metrics },
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
    free_window: freeWindow(state, staged),
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
