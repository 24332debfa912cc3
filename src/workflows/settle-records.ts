import type { OpenSourceRef } from '../contract/activities.ts';
import { addMetrics } from '../contract/metrics.ts';
import type { ScanState } from '../contract/workflows.ts';
import { activities } from './activities.ts';
import { isHistoryLong, type ScanEnd } from './history-length.ts';
import type { SteeredSource } from './steered-source.ts';

/**
 * What follows a scan, in slices: values that the listing cut short are read whole, then it is found out what
 * became of the records that a full scan did not see. What is left is in Postgres, so a slice that is lost
 * costs its requests only.
 */
export async function settleRecords(
  steered: SteeredSource,
  from: ScanState,
  report: (state: ScanState) => void,
): Promise<ScanEnd> {
  let state = from;
  while (state.truncated_values > 0 || state.to_sweep) {
    await steered.whilePaused();
    if (isHistoryLong()) return 'continue-as-new';
    const source = steered.current();
    state =
      state.truncated_values > 0
        ? await completeSlice(source, state)
        : await sweepSlice(source, state);
    report(state);
  }
  return 'done';
}

async function completeSlice(source: OpenSourceRef, state: ScanState): Promise<ScanState> {
  const { metrics, remaining } = await activities.completeRecords(
    `${source.alias}: complete ${state.truncated_values} values that the list cut`,
    { source },
  );
  return { ...state, metrics: addMetrics(state.metrics, metrics), truncated_values: remaining };
}

async function sweepSlice(source: OpenSourceRef, state: ScanState): Promise<ScanState> {
  const { metrics, remaining, truncated_values } = await activities.sweepDeleted(
    `${source.alias}: find out what became of records that were not listed`,
    { source },
  );
  return {
    ...state,
    metrics: addMetrics(state.metrics, metrics),
    truncated_values,
    to_sweep: remaining > 0,
  };
}
