import type { TemporalConnection } from '../../client.ts';
import { EXIT } from '../../errors.ts';
import { formatAmount } from '../../units.ts';
import type { Findings } from './finding.ts';

/** How the worker of this installation is started. */
export type WorkerPlace = 'local' | 'remote';

/** Temporal: search attributes, a worker that polls, builds. Returns the server's version. */
export async function checkTemporal(
  temporal: TemporalConnection,
  installation: string | null,
  place: WorkerPlace,
  findings: Findings,
  now: number,
): Promise<string> {
  const { client, namespace } = temporal;
  const { serverVersion } = await client.workflowService.getSystemInfo({});
  findings.ok(`Temporal ${serverVersion} answers, namespace ${namespace}`);
  const { checkSearchAttributes } = await import('../../client.ts');
  try {
    const state = await checkSearchAttributes(temporal);
    if (state === 'registered') findings.ok('search attributes are registered');
    else findings.skip('search attributes: this credential may not list them');
  } catch (error) {
    findings.thrown(error);
  }
  if (installation === null) findings.skip('workers: not known before Postgres is migrated');
  else await checkWorkers(temporal, installation, place, findings, now);
  return serverVersion ?? '';
}

async function checkWorkers(
  temporal: TemporalConnection,
  installation: string,
  place: WorkerPlace,
  findings: Findings,
  now: number,
): Promise<void> {
  const { findStranded, isPolled, readPolled } = await import('../../client/deployments.ts');
  const polled = await readPolled(temporal, installation, now);
  const start = place === 'local' ? 'appsync up' : 'appsync worker';
  if (polled.polling.length === 0) {
    // The local worker comes with the next sync; a remote one has to be started by somebody.
    if (place === 'local') findings.warn('no worker asks for work', start);
    else findings.fail(EXIT.unreachable, 'no worker asks Temporal for work', start);
    return;
  }
  const names = polled.polling.map((version) => version?.buildId ?? 'without a build');
  findings.ok(`workers ask for work: ${names.join(', ')}`);
  if (!isPolled(polled, polled.current)) {
    const { current } = polled;
    const build = current === null ? 'without a build' : `of build ${current.buildId}`;
    findings.fail(
      EXIT.unreachable,
      `new runs wait for a worker ${build}, and none asks for work`,
      `${start} (docs/upgrading.md says how a build becomes current)`,
    );
  }
  for (const { version, workflows, query } of await findStranded(temporal, installation, now)) {
    findings.fail(
      EXIT.unreachable,
      `${formatAmount(workflows, 'workflow')} at work on build ${version.buildId}, which no worker runs`,
      `temporal workflow update-options --namespace ${temporal.namespace} --versioning-override-behavior auto_upgrade --query "${query}" --yes`,
    );
  }
}
