import { workflowInfo } from '@temporalio/workflow';

/** Below the server's own suggestion (4,096), so that a run's history stays small whatever the server says. */
const MAX_HISTORY_EVENTS = 3000;

export const isHistoryLong = () =>
  workflowInfo().continueAsNewSuggested || workflowInfo().historyLength > MAX_HISTORY_EVENTS;
