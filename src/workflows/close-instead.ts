import { CancellationScope } from '@temporalio/workflow';
import type {
  ClosedSource,
  CloseSourceInput,
  RecordSkippedInput,
  SourceKey,
} from '../contract/activities.ts';
import { syncMetrics } from '../contract/metrics.ts';
import { sourceWorkflowId } from '../contract/names.ts';
import { NO_EVIDENCE } from '../contract/scan.ts';
import type { SourceError } from '../contract/summary.ts';
import type { SyncPlatformInput } from '../contract/workflows.ts';
import { activities } from './activities.ts';

/** How a source's run is named in Postgres and in Temporal. */
export const aboutSource = (
  input: SyncPlatformInput,
  { source_id, alias }: SourceKey,
): RecordSkippedInput => ({
  source_id,
  alias,
  run_id: input.run_id,
  platform: input.platform,
  workflow_id: sourceWorkflowId(input.installation, alias),
});

/** A source whose turn never came: cancelled, or its account's credentials were `refused` to another one. */
export function dropOne(
  input: SyncPlatformInput,
  source: SourceKey,
  refused: SourceError | undefined,
): Promise<ClosedSource> {
  const about = aboutSource(input, source);
  if (refused !== undefined) {
    return closeInstead(input, about, { status: 'failed', error: refused, never_began: true });
  }
  const error = { type: 'Cancelled', message: 'cancelled before it began' };
  return closeInstead(input, about, { status: 'cancelled', error });
}

type Ending = Pick<CloseSourceInput, 'status' | 'error' | 'never_began'>;

/** Records the end of a source whose workflow did not; the record that it made itself stands. */
export function closeInstead(
  { options }: SyncPlatformInput,
  about: RecordSkippedInput,
  ending: Ending,
): Promise<ClosedSource> {
  const input: CloseSourceInput = {
    ...about,
    ...ending,
    options,
    fence: null,
    scan: null,
    evidence: NO_EVIDENCE,
    metrics: syncMetrics(),
    started_at: new Date().toISOString(),
  };
  return CancellationScope.nonCancellable(() =>
    activities.closeSource(`close ${about.alias}: ${ending.status}`, input),
  );
}
