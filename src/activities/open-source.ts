import { Context } from '@temporalio/activity';
import type {
  EndedAtOnce,
  OpenSourceInput,
  OpenedSource,
  OpenedWithBatch,
} from '../contract/activities.ts';
import { SyncFailure } from '../errors.ts';
import { addToSourceRun, beginSourceRun, endAbandoned } from '../store/source-runs.ts';
import { readSource, takeFence, type SourceRow } from '../store/sources.ts';
import { countUnfinished } from '../store/unfinished.ts';
import { noteUnknownTypes } from '../store/unknown-types.ts';
import { beginOrResume, look } from './begin-scan.ts';
import { connectSource } from './connect-account.ts';
import type { Dependencies } from './dependencies.ts';
import { attributeAttempt } from './observed-attempt.ts';
import { holdOpened, readAhead, type BegunSource } from './read-ahead.ts';
import { inActivityTransaction, withHeartbeat, type Meter } from './running.ts';

/**
 * Takes the source's fence, reads its schema, makes its table fit and chooses the scan; then stages its first batch and,
 * when that leaves nothing to do, ends the source (read-ahead.ts). A second attempt finds what the first one did: the
 * same fence (it belongs to the execution), a table that fits, a checkpoint to go on from, or the end, which is looked
 * for under the fence, so that an attempt that is still at work is waited for.
 */
export function openSource(
  deps: Dependencies,
  input: OpenSourceInput,
): Promise<OpenedWithBatch | EndedAtOnce> {
  return withHeartbeat(async (meter) => {
    const started = performance.now();
    const taken = await take(deps, input);
    if ('closed' in taken) return told(input, taken);
    const begun = await begin(deps, input, taken, meter);
    if ('closed' in begun) return told(input, begun);
    if (input.started_at === undefined) return begun.opened;
    return readAhead(deps, { ...input, started_at: input.started_at }, begun, { started, meter });
  });
}

interface TakenSource {
  readonly source: SourceRow;
  readonly fence: number;
}

/** A merge of whoever holds the fence now is waited for, and what it left is read: not the state before it. */
function take(deps: Dependencies, input: OpenSourceInput): Promise<TakenSource | EndedAtOnce> {
  const { workflowExecution } = Context.current().info;
  const holder = { run_id: input.run_id, execution: workflowExecution?.runId ?? '' };
  const workflow_id = workflowExecution?.workflowId ?? '';
  return inActivityTransaction(deps.db, async (tx) => {
    const source = await readSource(tx, input.source_id, 'for no key update');
    const closed = await beginSourceRun(tx, { ...input, workflow_id });
    if (closed !== null) return { closed };
    const fence = await takeFence(tx, { id: source.id, alias: input.alias }, holder);
    return { source, fence };
  });
}

async function begin(
  deps: Dependencies,
  input: OpenSourceInput,
  { source, fence }: TakenSource,
  meter: Meter,
): Promise<BegunSource | EndedAtOnce> {
  const connected = await connectSource(deps, source, input, meter);
  const found = await look(deps, source, input, connected);
  return inActivityTransaction(deps.db, async (tx) => {
    const closed = await holdOpened(tx, input, fence);
    if (closed !== null) return { closed };
    const { columns, ...chosen } = await beginOrResume(tx, source, input, connected, found);
    const { mode } = chosen.scan;
    attributeAttempt({ mode });
    await noteUnknownTypes(tx, input, found.schema.fields, connected.platform.knownTypes);
    const metrics = meter.lap();
    await endAbandoned(tx, input);
    await addToSourceRun(tx, input, metrics, mode);
    const { unsettled, truncated_values, unread_contents } = await countUnfinished(tx, source.id);
    const opened: OpenedSource = {
      ...chosen,
      fence,
      expected: mode === 'full' ? source.full_scan_records : null,
      metrics,
      truncated_values,
      unsettled: unsettled.total,
      unread_contents,
    };
    return { source, connected, columns, opened };
  });
}

/** A workflow that takes no end for an answer closes what failed to open, and is told by that. */
function told(input: OpenSourceInput, ended: EndedAtOnce): EndedAtOnce {
  if (input.started_at !== undefined) return ended;
  throw new SyncFailure('FenceLost', `how ${input.alias} ended in this run is recorded already`, {
    hint: `appsync runs show ${input.run_id}`,
  });
}
