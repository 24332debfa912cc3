import type { Client as TemporalClient } from '@temporalio/client';
import { readPolled } from './client/deployments.ts';
import type { Config } from './config.ts';
import {
  SEARCH_ATTRIBUTES,
  WORKFLOW_TYPES,
  reconcileWorkflowId,
  runWorkflowId,
  taskQueue,
} from './contract/names.ts';
import type { ReconcileRunInput } from './contract/reconciliation.ts';
import { targetName } from './contract/target.ts';
import type { SyncRunInput, SyncRunResult } from './contract/workflows.ts';
import { AppsyncError, EXIT, reasonOf } from './errors.ts';
import { temporalUnreachable } from './temporal/connect-failure.ts';
import { readEncryptionKeys } from './temporal/encryption-keys.ts';
import { dataConverter } from './temporal/payload-encryption.ts';
import {
  Client,
  Connection,
  SearchAttributeType,
  WorkflowFailedError,
  WorkflowNotFoundError,
  defineSearchAttributeKey,
  isGrpcServiceError,
  loadClientConnectConfig,
} from './temporal/sdk.ts';

/** Where Temporal is: the address found by the stack, or what the environment and profile files say. */
export interface TemporalTarget {
  readonly address: string | undefined;
  readonly env: Config['env'];
}

export interface TemporalConnection {
  readonly client: TemporalClient;
  readonly namespace: string;
  close(): Promise<void>;
}

/** What `@temporalio/envconfig` reads (TEMPORAL_* and TOML profiles), with the stack's address on top. */
export function connectOptions(target: TemporalTarget) {
  const overrides = target.address === undefined ? {} : { TEMPORAL_ADDRESS: target.address };
  const { namespace, connectionOptions } = loadClientConnectConfig({
    overrideEnvVars: { ...target.env, ...overrides },
  });
  return { namespace: namespace ?? 'default', connectionOptions };
}

/** Connects; throws an unreachable error (exit 5) when Temporal does not answer. */
export async function connectTemporal(target: TemporalTarget): Promise<TemporalConnection> {
  const { namespace, connectionOptions } = connectOptions(target);
  const keys = readEncryptionKeys(target.env);
  try {
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '5s' });
    const client = new Client({ connection, namespace, dataConverter: dataConverter(keys) });
    return { client, namespace, close: () => connection.close() };
  } catch (error) {
    throw await temporalUnreachable(connectionOptions, error);
  }
}

/** PERMISSION_DENIED and UNIMPLEMENTED of gRPC. */
const REFUSALS: readonly number[] = [7, 12];

/**
 * Throws (exit 5) when the namespace lacks the search attributes that every workflow carries. `unknown`: a credential
 * that may run workflows need not be one that may ask an operator's questions; Temporal then refuses the start itself.
 */
export async function checkSearchAttributes({
  client,
  namespace,
}: TemporalConnection): Promise<'registered' | 'unknown'> {
  const known = await client.connection.operatorService
    .listSearchAttributes({ namespace })
    .catch((error: unknown) => {
      if (isGrpcServiceError(error) && REFUSALS.includes(error.code)) return null;
      throw error;
    });
  if (known === null) return 'unknown';
  const missing = SEARCH_ATTRIBUTES.filter((name) => !(name in (known.customAttributes ?? {})));
  if (missing.length === 0) return 'registered';
  const flags = missing.map((name) => `--name ${name} --type Keyword`).join(' ');
  throw new AppsyncError(
    EXIT.unreachable,
    `namespace ${namespace} lacks the search attributes ${missing.join(', ')}`,
    {
      hint: `temporal operator search-attribute create --namespace ${namespace} ${flags}`,
    },
  );
}

/** Whether some worker asked for tasks of this installation in the last minutes, whatever its build. */
export async function isWorkerPolling(
  temporal: TemporalConnection,
  installation: string,
): Promise<boolean> {
  return (await readPolled(temporal, installation, Date.now())).polling.length > 0;
}

/** Starts a run. Starting the same run id again returns the run that is there. */
export function startRun(
  temporal: TemporalConnection,
  input: SyncRunInput,
): Promise<{ workflow_id: string }> {
  const workflowId = runWorkflowId(input.installation, input.run_id);
  return startWorkflow(temporal, WORKFLOW_TYPES.run, workflowId, input, 'sync');
}

/** Starts a reconciliation. Starting the same run id again returns the one that is there. */
export function startReconcile(
  temporal: TemporalConnection,
  input: ReconcileRunInput,
): Promise<{ workflow_id: string }> {
  const workflowId = reconcileWorkflowId(input.installation, input.run_id);
  return startWorkflow(temporal, WORKFLOW_TYPES.reconcile, workflowId, input, 'reconcile');
}

async function startWorkflow(
  temporal: TemporalConnection,
  type: string,
  workflowId: string,
  input: SyncRunInput | ReconcileRunInput,
  verb: string,
): Promise<{ workflow_id: string }> {
  const name = targetName(input.target);
  const key = (attribute: string) =>
    defineSearchAttributeKey(attribute, SearchAttributeType.KEYWORD);
  await temporal.client.workflow.start(type, {
    workflowId,
    taskQueue: taskQueue(input.installation),
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [input],
    staticSummary: `${verb} ${name}`,
    staticDetails: `Run ${input.run_id}: target ${name}, filters ${JSON.stringify(input.filters)}`,
    typedSearchAttributes: [
      { key: key('AppsyncTarget'), value: name },
      { key: key('AppsyncStatus'), value: 'running' },
    ],
  });
  return { workflow_id: workflowId };
}

/** Waits for a run's end. Throws when the workflow itself was terminated or is unknown. */
export async function waitForRun(
  temporal: TemporalConnection,
  workflowId: string,
): Promise<SyncRunResult> {
  try {
    return (await temporal.client.workflow.getHandle(workflowId).result()) as SyncRunResult;
  } catch (error) {
    if (error instanceof WorkflowFailedError) {
      throw new AppsyncError(
        EXIT.failed,
        `the run ended without a result: ${reasonOf(error.cause ?? error)}`,
        {
          type: 'RunFailed',
          cause: error,
          hint: 'open the run in the Temporal Web UI, then start the sync again: it goes on from its checkpoints',
        },
      );
    }
    if (error instanceof WorkflowNotFoundError) {
      throw new AppsyncError(EXIT.usage, `Temporal knows no run ${workflowId}`, {
        hint: 'appsync runs list',
        cause: error,
      });
    }
    throw error;
  }
}
