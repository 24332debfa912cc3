import type { RunFate } from '../client/run-control.ts';
import { usageError } from '../errors.ts';
import { listRuns, type RunRow } from '../store/runs.ts';
import type { Session } from './session.ts';
import { didYouMean } from './suggest.ts';

/** Far enough back to find a run by its id among them. */
const SEARCHED = 1_000;

/** The run of that id, or the latest. Throws a usage error when there is none. */
export async function findRun({ db }: Session, id: string | undefined): Promise<RunRow> {
  const runs = await listRuns(db, id === undefined ? 1 : SEARCHED);
  const run = id === undefined ? runs[0] : runs.find(({ run_id }) => run_id === id);
  if (run !== undefined) return run;
  if (id === undefined) throw usageError('there is no run yet', 'appsync sync');
  throw noSuchRun(id, runs);
}

/** The run of that id, or the latest that has not ended. Throws a usage error when it has ended, or there is none. */
export async function findUnfinishedRun({ db }: Session, id: string | undefined): Promise<RunRow> {
  const runs = await listRuns(db, SEARCHED);
  if (id === undefined) {
    const latest = runs.find(({ finished_at }) => finished_at === null);
    if (latest === undefined) throw usageError('no run is at work', 'appsync runs list');
    return latest;
  }
  const run = runs.find(({ run_id }) => run_id === id);
  if (run === undefined) throw noSuchRun(id, runs);
  if (run.finished_at === null) return run;
  throw usageError(`run ${id} has ended: ${run.status}`, `appsync runs show ${id}`);
}

const noSuchRun = (id: string, runs: readonly RunRow[]) =>
  usageError(
    `there is no run ${id}`,
    didYouMean(
      id,
      runs.map(({ run_id }) => run_id),
    ) ?? 'appsync runs list',
  );

/** A run is recorded a moment before its workflow starts. */
const STARTING_MS = 60_000;

/** What became of the workflow of a run that is recorded as at work, when that can record nothing any more; else null. */
export function lostTo(fate: RunFate, run: Pick<RunRow, 'started_at'>, now: number): string | null {
  if (fate === 'running') return null;
  if (fate !== 'unknown') return fate;
  return now - Date.parse(run.started_at) < STARTING_MS ? null : 'unknown to this Temporal';
}

/** What became of the run's workflow, when it cannot end the run any more; null: nothing, or Temporal does not answer. */
export async function whyLost(session: Session, run: RunRow, now: number): Promise<string | null> {
  if (run.finished_at !== null) return null;
  const { describeRun } = await import('../client/run-control.ts');
  try {
    return lostTo(await describeRun(await session.temporal(), run.workflow_id), run, now);
  } catch {
    return null;
  }
}
