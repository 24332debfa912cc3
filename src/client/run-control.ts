import type { ControlRequest, RunControl } from '../contract/control.ts';
import { CONTROL_REFUSED } from '../contract/control.ts';
import { AppsyncError, EXIT, reasonOf, unreachableError, usageError } from '../errors.ts';
import type { TemporalConnection } from '../client.ts';
import {
  ApplicationFailure,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '../temporal/sdk.ts';

/** A worker that lives answers within a second; one that is being replaced within ten. */
const ANSWER_MS = 30_000;

/**
 * Asks a run that is at work for something; returns how it is steered from now on. The platforms were told and
 * Postgres knows when this returns. Throws a usage error when the run refuses or has ended, an unreachable
 * error when no worker answers within 30 s.
 */
export async function controlRun(
  { client }: TemporalConnection,
  workflowId: string,
  request: ControlRequest,
): Promise<RunControl> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    return await client.withDeadline(Date.now() + ANSWER_MS, () =>
      handle.executeUpdate<RunControl, [ControlRequest]>(request.action, { args: [request] }),
    );
  } catch (error) {
    throw asFailure(error, workflowId);
  }
}

function asFailure(error: unknown, workflowId: string): unknown {
  if (error instanceof WorkflowNotFoundError) {
    return usageError(`${workflowId} is not at work any more`, 'appsync runs list');
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    return unreachableError('no worker took the request up within 30 s', 'appsync status', error);
  }
  if (!(error instanceof WorkflowUpdateFailedError)) return error;
  const { cause } = error;
  if (cause instanceof ApplicationFailure && cause.type === CONTROL_REFUSED) {
    return usageError(cause.message, 'appsync runs show');
  }
  return new AppsyncError(EXIT.failed, `the run could not do it: ${reasonOf(cause ?? error)}`, {
    hint: 'appsync runs show',
    cause: error,
  });
}

/** Asks a run to end, as Temporal cancels: it reaches every part of it at any moment. Asking twice is harmless. */
export async function cancelRun({ client }: TemporalConnection, workflowId: string): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).cancel();
  } catch (error) {
    // It ended in the meantime.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

/** What Temporal knows of a run's workflow. `unknown`: nothing; it may be another Temporal's. */
export type RunFate =
  'running' | 'completed' | 'cancelled' | 'failed' | 'terminated' | 'timed out' | 'unknown';

const FATES: Readonly<Record<string, RunFate>> = {
  RUNNING: 'running',
  PAUSED: 'running',
  CONTINUED_AS_NEW: 'running',
  COMPLETED: 'completed',
  CANCELLED: 'cancelled',
  FAILED: 'failed',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed out',
};

export async function describeRun(
  { client }: TemporalConnection,
  workflowId: string,
): Promise<RunFate> {
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe();
    return FATES[status.name] ?? 'running';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'unknown';
    throw error;
  }
}
