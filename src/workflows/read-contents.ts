import type { OpenSourceRef } from '../contract/activities.ts';
import { addMetrics } from '../contract/metrics.ts';
import type { ScanState } from '../contract/workflows.ts';
import { activities } from './activities.ts';
import { isHistoryLong } from './long-history.ts';

/** Reads the contents that are queued, slice by slice. `report` gets the state after each. */
export async function readContents(
  source: OpenSourceRef,
  from: ScanState,
  report: (state: ScanState) => void,
): Promise<'done' | 'continue-as-new'> {
  let state = from;
  while (state.unread_contents > 0) {
    if (isHistoryLong()) return 'continue-as-new';
    const read = await activities.readContents(
      `${source.alias}: read the contents of ${state.unread_contents} records`,
      { source },
    );
    state = {
      ...state,
      metrics: addMetrics(state.metrics, read.metrics),
      unread_contents: read.remaining,
    };
    report(state);
  }
  return 'done';
}
