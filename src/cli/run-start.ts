import { isPolled, readPolled, type Polled } from '../client/deployments.ts';
import { runUrl } from '../client/run-url.ts';
import type { TemporalConnection } from '../client.ts';
import { syncMetrics } from '../contract/metrics.ts';
import { targetName } from '../contract/target.ts';
import type { SyncRunInput } from '../contract/workflows.ts';
import { AppsyncError, EXIT, reasonOf } from '../errors.ts';
import { finishRun, insertRun } from '../store/runs.ts';
import { pause } from './pause.ts';
import type { Session } from './session.ts';

/** A run that Temporal has accepted. */
export interface LaunchedRun {
  readonly runId: string;
  readonly workflowId: string;
  /** Its page in the Web UI, when one is known. */
  readonly webUi: string | null;
}

const POLLER_PATIENCE_MS = 10_000;
const POLLER_LOOK_MS = 200;

/** Records and starts a run, once it is sure that some worker will take it up. */
export async function launchRun(
  session: Session,
  run: { readonly input: SyncRunInput; readonly workflowId: string },
): Promise<LaunchedRun> {
  const { input, workflowId } = run;
  const temporal = await readyTemporal(session);
  await insertRun(session.db, {
    run_id: input.run_id,
    workflow_id: workflowId,
    target: targetName(input.target),
    filters: input.filters,
    options: input.options,
  });
  const { startRun } = await import('../client.ts');
  try {
    await startRun(temporal, input);
  } catch (error) {
    const failure = { type: 'Unreachable', message: `not started: ${reasonOf(error)}` };
    await finishRun(session.db, {
      run_id: input.run_id,
      status: 'failed',
      metrics: syncMetrics(),
      error: failure,
    });
    throw error;
  }
  return { runId: input.run_id, workflowId, webUi: webUiOf(session, temporal, workflowId) };
}

/** A connection to a Temporal that some worker polls. Throws when there is none. */
export async function readyTemporal(session: Session): Promise<TemporalConnection> {
  const temporal = await session.temporal();
  const { checkSearchAttributes } = await import('../client.ts');
  const { id } = session.installation;
  const [polled] = await Promise.all([look(temporal, id), checkSearchAttributes(temporal)]);
  await waitForWorker(temporal, id, polled);
  return temporal;
}

export const webUiOf = (
  { temporalUiUrl }: Session,
  { namespace }: TemporalConnection,
  workflowId: string,
): string | null => (temporalUiUrl === null ? null : runUrl(temporalUiUrl, namespace, workflowId));

/** A run that nobody works on would wait in silence: give a starting worker ten seconds, then say so. */
async function waitForWorker(
  temporal: TemporalConnection,
  installation: string,
  first: Polled,
): Promise<void> {
  let polled = first;
  for (let waited = 0; !isPolled(polled, polled.current); waited += POLLER_LOOK_MS) {
    if (waited >= POLLER_PATIENCE_MS) throw noWorker(temporal, polled);
    await pause(POLLER_LOOK_MS);
    polled = await look(temporal, installation);
  }
}

const look = (temporal: TemporalConnection, installation: string): Promise<Polled> =>
  readPolled(temporal, installation, Date.now());

function noWorker({ namespace }: TemporalConnection, { polling, current }: Polled): AppsyncError {
  const build = polling.find((version) => version !== null);
  if (build === undefined) {
    return new AppsyncError(EXIT.unreachable, 'no worker asks Temporal for work', {
      type: 'NoWorker',
      reason: `nothing polls the task queue of this installation in namespace ${namespace}`,
      hint: 'appsync worker',
    });
  }
  const expected = current === null ? 'workers without a build' : `build ${current.buildId}`;
  return new AppsyncError(EXIT.unreachable, 'no worker takes new runs', {
    type: 'NoWorker',
    reason: `Temporal gives them to ${expected}, and only others ask for work`,
    hint:
      `temporal worker deployment set-current-version --namespace ${namespace} ` +
      `--deployment-name ${build.name} --build-id ${build.buildId}`,
  });
}
