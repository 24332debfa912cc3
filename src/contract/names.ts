/** Ids and names that several rooms must agree on. `installation` keeps two installations on one Temporal apart. */
export const runWorkflowId = (installation: string, runId: string) =>
  `run/${runId}@${installation}`;
export const platformWorkflowId = (
  installation: string,
  runId: string,
  platform: string,
  part: number,
) =>
  part === 0
    ? `platform/${platform}/${runId}@${installation}`
    : `platform/${platform}/${runId}/${part + 1}@${installation}`;
export const sourceWorkflowId = (installation: string, alias: string) =>
  `source/${alias}@${installation}`;
export const reconcileWorkflowId = (installation: string, runId: string) =>
  `reconcile/${runId}@${installation}`;
export const comparisonWorkflowId = (installation: string, runId: string, alias: string) =>
  `reconcile/${runId}/${alias}@${installation}`;
/** Of the schedule, and how the ids of what it starts begin. */
export const scheduleId = (installation: string, name: string) =>
  `schedule/${name}@${installation}`;
export const isScheduleOf = (installation: string, id: string) =>
  id.startsWith('schedule/') && id.endsWith(`@${installation}`);
/** Of a batch, as people read it: its number, after that of its window where there are several. */
export const batchName = (window: number, batch: number) =>
  window === 0 ? `${batch + 1}` : `${window + 1}.${batch + 1}`;
export const taskQueue = (installation: string) => `appsync-${installation}`;

export const WORKFLOW_TYPES = {
  run: 'syncRun',
  platform: 'syncPlatform',
  source: 'syncSource',
  reconcile: 'reconcileRun',
  comparison: 'reconcileSource',
  scheduled: 'startScheduledRun',
} as const;

/** Search attributes of every workflow, all keywords. The stack and the tests register them from here. */
export const SEARCH_ATTRIBUTES = [
  'AppsyncPlatform',
  'AppsyncSource',
  'AppsyncTarget',
  'AppsyncStatus',
] as const;

export const NAME = 'appsync';
