import { sleep } from '@temporalio/activity';
import type {
  ClosedSource,
  RecordControlInput,
  RecordPlatformInput,
  RecordRunInput,
  RecordSkippedInput,
} from '../contract/activities.ts';
import { syncMetrics } from '../contract/metrics.ts';
import { saveControl } from '../store/run-control.ts';
import { finishRun, recordPlatformRun } from '../store/runs.ts';
import { endSourceRun, readSourceRunEnd } from '../store/source-runs.ts';
import { readHolder, type SourceHolder } from '../store/sources.ts';
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
  const holder = await awaitHolder(deps, input.source_id);
  const closed: ClosedSource = {
    status: 'skipped',
    mode: null,
    certified: false,
    metrics: syncMetrics(),
    error: {
      type: 'AlreadySyncing',
      message: `${holder === null ? 'another run' : `run ${holder.run_id}`} is syncing it${pausedClause(holder)}`,
      hint: hintAbout(holder),
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

const HOLDER_PATIENCE_MS = 5_000;
const HOLDER_LOOK_MS = 100;

/** Whoever started first may not have taken the fence yet: it is given a moment, so that its name can be told. */
async function awaitHolder(deps: Dependencies, sourceId: number): Promise<SourceHolder | null> {
  for (let waited = 0; ; waited += HOLDER_LOOK_MS) {
    const holder = await readHolder(deps.db, sourceId);
    if (holder !== null || waited >= HOLDER_PATIENCE_MS) return holder;
    await sleep(HOLDER_LOOK_MS);
  }
}

const pausedClause = (holder: SourceHolder | null) =>
  holder?.paused_since == null ? '' : `, paused since ${holder.paused_since}`;

function hintAbout(holder: SourceHolder | null): string {
  if (holder === null) return 'appsync runs list';
  const verb = holder.paused_since === null ? 'watch' : 'resume';
  return `appsync runs ${verb} ${holder.run_id}`;
}

/** How people steer the run, for whoever looks at it. A late attempt never goes back behind a newer state. */
export function recordControl(deps: Dependencies, input: RecordControlInput): Promise<void> {
  return withHeartbeat(() => saveControl(deps.db, input.run_id, input.control));
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
