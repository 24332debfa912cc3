import type {
  ClosedSource,
  RecordPlatformInput,
  RecordRunInput,
  RecordSkippedInput,
} from '../contract/activities.ts';
import { syncMetrics } from '../contract/metrics.ts';
import { finishRun, recordPlatformRun } from '../store/runs.ts';
import { endSourceRun, readSourceRunEnd } from '../store/source-runs.ts';
import { readHolder } from '../store/sources.ts';
import type { Dependencies } from './dependencies.ts';
import { withHeartbeat } from './running.ts';

/** A source that another run is syncing: says which one. The first record stands. */
export function recordSkipped(
  deps: Dependencies,
  input: RecordSkippedInput,
): Promise<ClosedSource> {
  return withHeartbeat(async () => {
    const before = await readSourceRunEnd(deps.db, input);
    return before ?? skip(deps, input);
  });
}

async function skip(deps: Dependencies, input: RecordSkippedInput): Promise<ClosedSource> {
  const holder = await readHolder(deps.db, input.source_id);
  const closed: ClosedSource = {
    status: 'skipped',
    mode: null,
    certified: false,
    metrics: syncMetrics(),
    error: {
      type: 'AlreadySyncing',
      message: `${holder === null ? 'another run' : `run ${holder}`} is syncing it`,
      hint: holder === null ? 'appsync runs list' : `appsync runs watch ${holder}`,
    },
  };
  await endSourceRun(deps.db, {
    ...input,
    ...closed,
    certificate: null,
    started_at: new Date().toISOString(),
  });
  return closed;
}

/** The outcome of one platform's sources. The first record stands. */
export function recordPlatform(deps: Dependencies, input: RecordPlatformInput): Promise<void> {
  return withHeartbeat(() =>
    recordPlatformRun(deps.db, { ...input, metrics: input.outcome.metrics }),
  );
}

/** The outcome of the run. The first record stands. */
export function recordRun(deps: Dependencies, input: RecordRunInput): Promise<void> {
  return withHeartbeat(() => finishRun(deps.db, { ...input, metrics: input.outcome.metrics }));
}
