import { CancelledFailure, Context } from '@temporalio/activity';
import type { SyncActivities } from '../contract/activities.ts';
import type { ReconcileActivities } from '../contract/reconciliation.ts';
import { activityFailure } from './activity-failure.ts';
import { askPlatform } from './ask-platform.ts';
import { closeComparison, recordReconciliation } from './close-comparison.ts';
import { closeSource } from './close-source.ts';
import { compareBatch } from './compare-batch.ts';
import { completeRecords } from './complete-records.ts';
import type { Dependencies } from './dependencies.ts';
import { fetchBatch } from './fetch-batch.ts';
import { findSurplus } from './find-surplus.ts';
import { openComparison } from './open-comparison.ts';
import { observeAttempt } from './observed-attempt.ts';
import { openSource } from './open-source.ts';
import { readContents } from './read-contents.ts';
import { recordControl, recordPlatform, recordRun, recordSkipped } from './record-outcomes.ts';
import { recordScheduled } from './record-scheduled.ts';
import { resolveSources } from './resolve-sources.ts';
import { sweepDeleted } from './sweep-deleted.ts';
import { noteReconcileTrouble } from '../store/reconciliation/reconciliations.ts';
import { noteTrouble, type SourceRunKey } from '../store/source-runs.ts';
import { upsertBatch } from './upsert-batch.ts';

/** The activities of a worker, bound to what they work with. Whatever they throw gets a type. */
export function createActivities(deps: Dependencies): SyncActivities & ReconcileActivities {
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
    note: typeof noteTrouble = noteTrouble,
  ) =>
    bind(async (all: Dependencies, input: I): Promise<O> => {
      try {
        return await activity(all, input);
      } catch (error) {
        const failure = activityFailure(error);
        // That the trouble cannot be told must not hide it.
        if (!(failure instanceof CancelledFailure)) {
          await note(all.db, runOf(input), failure.message).catch(() => {});
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
    readContents: bindSource(readContents, ({ source }) => source),
    closeSource: bind(closeSource),
    recordSkipped: bind(recordSkipped),
    recordControl: bind(recordControl),
    recordPlatform: bind(recordPlatform),
    recordRun: bind(recordRun),
    recordScheduled: bind(recordScheduled),
    openComparison: bindSource(openComparison, (input) => input, noteReconcileTrouble),
    compareBatch: bindSource(compareBatch, ({ comparison }) => comparison, noteReconcileTrouble),
    findSurplus: bindSource(findSurplus, ({ comparison }) => comparison, noteReconcileTrouble),
    askPlatform: bindSource(askPlatform, ({ comparison }) => comparison, noteReconcileTrouble),
    closeComparison: bind(closeComparison),
    recordReconciliation: bind(recordReconciliation),
  };
}
