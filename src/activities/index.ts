import type { SyncActivities } from '../contract/activities.ts';
import { activityFailure } from './activity-failure.ts';
import { closeSource } from './close-source.ts';
import { completeRecords } from './complete-records.ts';
import type { Dependencies } from './dependencies.ts';
import { fetchBatch } from './fetch-batch.ts';
import { openSource } from './open-source.ts';
import { recordPlatform, recordRun, recordSkipped } from './record-outcomes.ts';
import { resolveSources } from './resolve-sources.ts';
import { upsertBatch } from './upsert-batch.ts';

/** The activities of a worker, bound to what they work with. Whatever they throw gets a type. */
export function createActivities(deps: Dependencies): SyncActivities {
  const bind =
    <I, O>(activity: (deps: Dependencies, input: I) => Promise<O>) =>
    async (input: I): Promise<O> => {
      try {
        return await activity(deps, input);
      } catch (error) {
        throw activityFailure(error);
      }
    };
  return {
    resolveSources: bind(resolveSources),
    openSource: bind(openSource),
    fetchBatch: bind(fetchBatch),
    upsertBatch: bind(upsertBatch),
    completeRecords: bind(completeRecords),
    closeSource: bind(closeSource),
    recordSkipped: bind(recordSkipped),
    recordPlatform: bind(recordPlatform),
    recordRun: bind(recordRun),
  };
}
