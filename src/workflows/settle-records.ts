import type { OpenSourceRef } from '../contract/activities.ts';
import { addMetrics } from '../contract/metrics.ts';
import type { ScanState } from '../contract/workflows.ts';
import { activities } from './activities.ts';
import { isHistoryLong, type ScanEnd } from './history-length.ts';
import type { SteeredSource } from './steered-source.ts';

/**
 * What follows a scan, in slices: values that the listing cut short are read whole, then it is found out what
 * became of the records that a full scan did not see, and contents are read. What is left is in Postgres, so a slice that is lost
 * costs its requests only.
 */
export async function settleRecords(
  steered: SteeredSource,
  from: ScanState,
  report: (state: ScanState) => void,
): Promise<ScanEnd> {
  let state = from;
  while (state.truncated_values > 0 || state.to_sweep || state.unread_contents > 0) {
    await steered.whilePaused();
    if (isHistoryLong()) return 'continue-as-new';
    report((state = await settleSlice(steered.current(), state)));
  }
  return 'done';
}

function settleSlice(source: OpenSourceRef, state: ScanState): Promise<ScanState> {
  if (state.truncated_values > 0) return completeSlice(source, state);
  return state.to_sweep ? sweepSlice(source, state) : readSlice(source, state);
}

async function completeSlice(source: OpenSourceRef, state: ScanState): Promise<ScanState> {
  const { metrics, remaining } = await activities.completeRecords(
    `${source.alias}: complete ${state.truncated_values} values that the list cut`,
    { source },
  );
  return { ...state, metrics: addMetrics(state.metrics, metrics), truncated_values: remaining };
}

async function sweepSlice(source: OpenSourceRef, state: ScanState): Promise<ScanState> {
  const { metrics, remaining, ...unfinished } = await activities.sweepDeleted(
    `${source.alias}: find out what became of records that were not listed`,
    { source },
  );
  return {
    ...state,
    metrics: addMetrics(state.metrics, metrics),
    ...unfinished,
    to_sweep: remaining > 0,
  };
}

async function readSlice(source: OpenSourceRef, state: ScanState): Promise<ScanState> {
  const { metrics, remaining } = await activities.readContents(
    `${source.alias}: read the contents of ${state.unread_contents} records`,
    { source },
  );
  return { ...state, metrics: addMetrics(state.metrics, metrics), unread_contents: remaining };
}
