import { workflowInfo } from '@temporalio/workflow';

/** Below the server's own suggestion (4,096), so that a run's history stays small whatever the server says. */
const MAX_HISTORY_EVENTS = 3000;

/** How a part of a source's work ended: over, or to go on in a new run with the state that was reported. */
export type ScanEnd = 'done' | 'continue-as-new';

export const isHistoryLong = () =>
  workflowInfo().continueAsNewSuggested || workflowInfo().historyLength > MAX_HISTORY_EVENTS;
