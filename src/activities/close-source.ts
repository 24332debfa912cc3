import type { ClosedSource, CloseSourceInput } from '../contract/activities.ts';
import { SyncFailure } from '../errors.ts';
import { inTransaction, type Transaction } from '../store/database.ts';
import { readSourceRunEnd } from '../store/source-runs.ts';
import { holdFence, holdIfFree, holdIfHolder, readSource } from '../store/sources.ts';
import type { Dependencies } from './dependencies.ts';
import { endSource } from './end-source.ts';
import { attributeAttempt } from './observed-attempt.ts';
import { withHeartbeat } from './running.ts';

/**
 * Gives the verdict on a source and records it (end-source.ts). A repeated call answers with what was recorded first: it
 * looks once it holds the fence, so that it waits for an attempt, or a merge, that is still at work.
 */
export function closeSource(deps: Dependencies, input: CloseSourceInput): Promise<ClosedSource> {
  return withHeartbeat(() =>
    inTransaction(deps.db, async (tx) => {
      const held = await isFenceHeld(tx, input);
      const before = await readSourceRunEnd(tx, input);
      if (before !== null) return before;
      const source = await readSource(tx, input.source_id);
      attributeAttempt(source);
      return endSource(tx, deps, input, { source, fenceHeld: held });
    }),
  );
}

/** Without a number (opening failed after it took the fence, or the workflow is gone) the run's name decides. */
async function isFenceHeld(tx: Transaction, input: CloseSourceInput): Promise<boolean> {
  if (input.never_began === true) return holdIfFree(tx, input.source_id);
  if (input.fence === null) return holdIfHolder(tx, input);
  try {
    await holdFence(tx, { ...input, fence: input.fence });
    return true;
  } catch (error) {
    if (error instanceof SyncFailure && error.type === 'FenceLost') return false;
    throw error;
  }
}
