import { syncMetrics } from '../contract/metrics.ts';
import { sourceWorkflowId } from '../contract/names.ts';
import { createRateBudget } from '../platforms/rate-limit.ts';
import type { Database } from '../store/database.ts';
import {
  readLatestChanges,
  readQuarantineReasons,
  readSourceHistory,
  readSourceStates,
} from '../store/overview.ts';
import { readRunProgress } from '../store/run-progress.ts';
import { listRuns, readRun, readRunSummary, type RunRow } from '../store/runs.ts';
import type { RunDetail, SourceDetail } from './detail-views.ts';
import type { Overview } from './overview-view.ts';

const RUNS = 15;
const CHANGES = 20;
const REASONS = 20;
const SYNCS = 30;

/** What the first page shows: a handful of queries, whatever the number of sources. */
export async function readOverview(db: Database): Promise<Overview> {
  const [sources, recorded, budgets, quarantine, changes] = await Promise.all([
    readSourceStates(db),
    listRuns(db, RUNS),
    createRateBudget(db).status(),
    readQuarantineReasons(db, REASONS),
    readLatestChanges(db, CHANGES),
  ]);
  const runs = await Promise.all(recorded.map((run) => withCounts(db, run)));
  return { sources, runs, budgets, quarantine, changes };
}

/** A run's counts are recorded at its end: until then they are those of its sources. */
async function withCounts(db: Database, run: RunRow): Promise<RunRow> {
  if (run.finished_at !== null) return run;
  const summary = await readRunSummary(db, run.run_id);
  return { ...run, metrics: syncMetrics(summary?.totals) };
}

/** null: there is no such run. */
export async function readRunDetail(db: Database, runId: string): Promise<RunDetail | null> {
  const [run, summary] = [await readRun(db, runId), await readRunSummary(db, runId)];
  if (run === null || summary === null) return null;
  return { run, summary, progress: await readRunProgress(db, runId) };
}

/** null: there is no such source. */
export async function readSourceDetail(
  db: Database,
  installation: string,
  alias: string,
): Promise<SourceDetail | null> {
  const [source] = await readSourceStates(db, alias);
  if (source === undefined) return null;
  const [history, quarantine, changes] = await Promise.all([
    readSourceHistory(db, alias, SYNCS),
    readQuarantineReasons(db, REASONS, alias),
    readLatestChanges(db, CHANGES, alias),
  ]);
  return {
    source,
    workflow_id: sourceWorkflowId(installation, alias),
    history,
    quarantine,
    changes,
  };
}
