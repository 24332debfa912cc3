import { taskQueue } from '../contract/names.ts';
import type { TemporalConnection } from '../client.ts';

/** A build of a worker deployment; null: workers without versions. */
export type Version = { readonly name: string; readonly buildId: string } | null;

/** Pollers are listed for five minutes; one that lives asks anew at least once a minute. */
const POLLER_SECONDS = 75;

/** Who takes an installation's tasks. */
export interface Polled {
  /** Versions that some worker asks for tasks of, each once. */
  readonly polling: readonly Version[];
  /** The version that begins new runs. */
  readonly current: Version;
}

const nameOf = (version: Version) => (version === null ? '' : `${version.name}:${version.buildId}`);

export const isPolled = ({ polling }: Polled, version: Version): boolean =>
  polling.some((one) => nameOf(one) === nameOf(version));

/** Versions whose workers asked Temporal for workflow tasks within the last 75 s before `now` (ms). */
export async function readPolled(
  { client, namespace }: TemporalConnection,
  installation: string,
  now: number,
): Promise<Polled> {
  const described = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue(installation) },
    // Workflow tasks.
    taskQueueType: 1,
  });
  const since = now / 1000 - POLLER_SECONDS;
  const alive = (described.pollers ?? []).filter(
    ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) > since,
  );
  const versions = alive.map(({ deploymentOptions: given }): Version => {
    const isVersioned = given?.workerVersioningMode === VERSIONED;
    return isVersioned ? { name: given.deploymentName ?? '', buildId: given.buildId ?? '' } : null;
  });
  const current = described.versioningInfo?.currentDeploymentVersion;
  return {
    polling: versions.filter(
      (one, i) => versions.findIndex((v) => nameOf(v) === nameOf(one)) === i,
    ),
    current: current
      ? { name: current.deploymentName ?? '', buildId: current.buildId ?? '' }
      : null,
  };
}

/** WORKER_VERSIONING_MODE_VERSIONED of Temporal's API. */
const VERSIONED = 2;

/** Workflows that wait for a build that no worker runs. */
export interface Stranded {
  readonly version: NonNullable<Version>;
  readonly workflows: number;
  /** Finds them, in Temporal's list language. */
  readonly query: string;
}

/** Groups of workflows at work that are pinned to a version of which no worker asks for tasks. */
export async function findStranded(
  temporal: TemporalConnection,
  installation: string,
  now: number,
): Promise<readonly Stranded[]> {
  const polled = await readPolled(temporal, installation, now);
  const atWork = `TaskQueue = '${taskQueue(installation)}' AND ExecutionStatus = 'Running'`;
  const counts = new Map<string, Stranded>();
  const query = `${atWork} AND TemporalWorkflowVersioningBehavior = 'Pinned'`;
  for await (const { raw } of temporal.client.workflow.list({ query })) {
    // The list carries it as a search attribute only.
    const data = raw.searchAttributes?.indexedFields?.['TemporalWorkerDeploymentVersion']?.data;
    const version = parseVersion(data);
    if (version === null || isPolled(polled, version)) continue;
    const name = nameOf(version);
    counts.set(name, {
      version,
      workflows: (counts.get(name)?.workflows ?? 0) + 1,
      query: `${atWork} AND TemporalWorkerDeploymentVersion = '${name}'`,
    });
  }
  return [...counts.values()];
}

/** From the JSON text `"name:build id"`; a name holds no colon. */
function parseVersion(data: Uint8Array | null | undefined): Version {
  const text: unknown = data ? JSON.parse(Buffer.from(data).toString()) : null;
  const [, name, buildId] = typeof text === 'string' ? (/^([^:]+):(.+)$/.exec(text) ?? []) : [];
  return name === undefined || buildId === undefined ? null : { name, buildId };
}
