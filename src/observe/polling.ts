import type { NativeConnection, Worker } from '@temporalio/worker';
import type { WorkerPhase } from './health.ts';

type State = ReturnType<Worker['getState']>;

const PHASES: Readonly<Record<State, WorkerPhase>> = {
  INITIALIZED: 'starting',
  RUNNING: 'running',
  STOPPING: 'draining',
  DRAINING: 'draining',
  DRAINED: 'draining',
  STOPPED: 'ended',
  FAILED: 'ended',
};

/** How far the worker's life has come. */
export const workerPhase = (worker: Worker): WorkerPhase => PHASES[worker.getState()];

/** Whether Temporal knows this very worker as one that asks for tasks. Throws when it does not answer. */
export async function isPolling(
  worker: Worker,
  connection: NativeConnection,
  namespace: string,
): Promise<boolean> {
  const { identity, taskQueue } = worker.options;
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    // Workflow tasks: a worker whose activity slots are all taken does not ask for activities.
    taskQueueType: 1,
  });
  return (pollers ?? []).some((poller) => poller.identity === identity);
}
