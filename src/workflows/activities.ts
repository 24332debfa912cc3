import { proxyActivities } from '@temporalio/workflow';
import type { ActivityOptions, RetryPolicy } from '@temporalio/common';
import { NON_RETRYABLE_FAILURES } from '../contract/failures.ts';
import type { SyncActivities } from '../contract/activities.ts';
import type { ReconcileActivities } from '../contract/reconciliation.ts';

/**
 * Retries are bounded by attempts with a capped back-off, not by wall time: a laptop that sleeps over the
 * weekend spends no attempts and goes on. 60 attempts with these pauses are about half an hour of trying.
 */
const retry = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '30s',
  maximumAttempts: 60,
  nonRetryableErrorTypes: [...NON_RETRYABLE_FAILURES],
} satisfies RetryPolicy;

/** Talk to a platform: may wait for the rate budget, heartbeat every 2 s, die unnoticed for 10 s at most. */
const platform: ActivityOptions = {
  startToCloseTimeout: '5m',
  heartbeatTimeout: '10s',
  retry,
};

/** Talk to Postgres only. */
const store: ActivityOptions = {
  startToCloseTimeout: '10m',
  heartbeatTimeout: '10s',
  // Shorter pauses and more of them: half an hour, too.
  retry: { ...retry, maximumInterval: '10s', maximumAttempts: 180 },
};

type Activities = SyncActivities & ReconcileActivities;
const platformActivities = proxyActivities<Activities>(platform);
const storeActivities = proxyActivities<Activities>(store);

/** The activities of this workflow system, each with a summary that the Web UI shows. */
export const activities = {
  openSource: summarized(platformActivities.openSource),
  fetchBatch: summarized(platformActivities.fetchBatch),
  completeRecords: summarized(platformActivities.completeRecords),
  sweepDeleted: summarized(platformActivities.sweepDeleted),
  readContents: summarized(platformActivities.readContents),
  resolveSources: summarized(storeActivities.resolveSources),
  upsertBatch: summarized(storeActivities.upsertBatch),
  closeSource: summarized(storeActivities.closeSource),
  recordSkipped: summarized(storeActivities.recordSkipped),
  recordControl: summarized(storeActivities.recordControl),
  recordPlatform: summarized(storeActivities.recordPlatform),
  recordRun: summarized(storeActivities.recordRun),
  recordScheduled: summarized(storeActivities.recordScheduled),
  openComparison: summarized(platformActivities.openComparison),
  compareBatch: summarized(platformActivities.compareBatch),
  askPlatform: summarized(platformActivities.askPlatform),
  findSurplus: summarized(storeActivities.findSurplus),
  closeComparison: summarized(storeActivities.closeComparison),
  recordReconciliation: summarized(storeActivities.recordReconciliation),
};

interface WithOptions<I, O> {
  executeWithOptions(options: ActivityOptions, args: [I]): Promise<O>;
}

/** The one place that uses the SDK's experimental call-site options. */
function summarized<I, O>(activity: WithOptions<I, O>): (summary: string, input: I) => Promise<O> {
  return (summary, input) => activity.executeWithOptions({ summary }, [input]);
}
