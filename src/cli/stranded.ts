import type { Stranded } from '../client/deployments.ts';
import type { Session } from './session.ts';

/** What to tell about workflows that wait for a build that is gone; nothing when Temporal cannot say. */
export async function strandedNotes(session: Session, now: number): Promise<readonly string[]> {
  const { findStranded } = await import('../client/deployments.ts');
  try {
    const temporal = await session.temporal();
    const found = await findStranded(temporal, session.installation.id, now);
    return found.map((stranded) => noteOf(stranded, temporal.namespace));
  } catch {
    // A server without worker deployments knows no such attributes.
    return [];
  }
}

function noteOf({ version, workflows, query }: Stranded, namespace: string): string {
  const workflowsWait = workflows === 1 ? '1 workflow waits' : `${workflows} workflows wait`;
  return (
    `${workflowsWait} for build ${version.buildId} of deployment ${version.name}, which no worker runs; ` +
    `start one of that build again, or move them to the current build: temporal workflow update-options ` +
    `--namespace ${namespace} --versioning-override-behavior auto_upgrade --query "${query}" --yes`
  );
}
