import { proxyActivities } from '@temporalio/workflow';
import type { ActivityOptions, RetryPolicy } from '@temporalio/common';
import { NON_RETRYABLE_FAILURES } from '../contract/failures.ts';
import type { SyncActivities } from '../contract/activities.ts';

/**
 * Retries are bounded by attempts with a capped back-off, not by wall time: a laptop that sleeps over the
 * weekend spends no attempts and goes on. 60 attempts are about half an hour of trying.
 */
const retry = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '30s',
  maximumAttempts: 60,
  nonRetryableErrorTypes: [...NON_RETRYABLE_FAILURES],
} satisfies RetryPolicy;

/** Talk to a platform: may wait for the rate budget, heartbeat every 3 s, die unnoticed for 12 s at most. */
const platform: ActivityOptions = {
  startToCloseTimeout: '5m',
  heartbeatTimeout: '12s',
  retry,
};

/** Talk to Postgres only. */
const store: ActivityOptions = {
  startToCloseTimeout: '10m',
  heartbeatTimeout: '12s',
  retry: { ...retry, maximumInterval: '10s' },
};

const platformActivities = proxyActivities<SyncActivities>(platform);
const storeActivities = proxyActivities<SyncActivities>(store);

/** The activities of this workflow system, each with a summary that the Web UI shows. */
export const activities = {
  openSource: summarized(platformActivities.openSource),
  fetchBatch: summarized(platformActivities.fetchBatch),
  completeRecords: summarized(platformActivities.completeRecords),
  resolveSources: summarized(storeActivities.resolveSources),
  upsertBatch: summarized(storeActivities.upsertBatch),
  closeSource: summarized(storeActivities.closeSource),
  recordSkipped: summarized(storeActivities.recordSkipped),
  recordPlatform: summarized(storeActivities.recordPlatform),
  recordRun: summarized(storeActivities.recordRun),
};

interface WithOptions<I, O> {
  executeWithOptions(options: ActivityOptions, args: [I]): Promise<O>;
}

/** The one place that uses the SDK's experimental call-site options. */
function summarized<I, O>(activity: WithOptions<I, O>): (summary: string, input: I) => Promise<O> {
  return (summary, input) => activity.executeWithOptions({ summary }, [input]);
}
