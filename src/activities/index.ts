import { CancelledFailure, Context } from '@temporalio/activity';
import type { SyncActivities } from '../contract/activities.ts';
import { activityFailure } from './activity-failure.ts';
import { closeSource } from './close-source.ts';
import { completeRecords } from './complete-records.ts';
import type { Dependencies } from './dependencies.ts';
import { fetchBatch } from './fetch-batch.ts';
import { observeAttempt } from './observed-attempt.ts';
import { openSource } from './open-source.ts';
import { recordPlatform, recordRun, recordSkipped } from './record-outcomes.ts';
import { resolveSources } from './resolve-sources.ts';
import { sweepDeleted } from './sweep-deleted.ts';
import { noteTrouble, type SourceRunKey } from '../store/source-runs.ts';
import { upsertBatch } from './upsert-batch.ts';

/** The activities of a worker, bound to what they work with. Whatever they throw gets a type. */
export function createActivities(deps: Dependencies): SyncActivities {
  const bind =
    <I, O>(activity: (deps: Dependencies, input: I) => Promise<O>) =>
    (input: I): Promise<O> =>
      observeAttempt(deps.observer, Context.current().info.activityType, input, async () => {
        try {
          return await activity(deps, input);
        } catch (error) {
          throw activityFailure(error);
        }
      });
  /** The same, for activities that work on a source: people see why it is not going on. */
  const bindSource = <I, O>(
    activity: (deps: Dependencies, input: I) => Promise<O>,
    runOf: (input: I) => SourceRunKey,
  ) =>
    bind(async (all: Dependencies, input: I): Promise<O> => {
      try {
        return await activity(all, input);
      } catch (error) {
        const failure = activityFailure(error);
        // That the trouble cannot be told must not hide it.
        if (!(failure instanceof CancelledFailure)) {
          await noteTrouble(all.db, runOf(input), failure.message).catch(() => {});
        }
        throw failure;
      }
    });
  return {
    resolveSources: bind(resolveSources),
    openSource: bindSource(openSource, (input) => input),
    fetchBatch: bindSource(fetchBatch, ({ source }) => source),
    upsertBatch: bindSource(upsertBatch, ({ source }) => source),
    completeRecords: bindSource(completeRecords, ({ source }) => source),
    sweepDeleted: bindSource(sweepDeleted, ({ source }) => source),
    closeSource: bind(closeSource),
    recordSkipped: bind(recordSkipped),
    recordPlatform: bind(recordPlatform),
    recordRun: bind(recordRun),
  };
}
