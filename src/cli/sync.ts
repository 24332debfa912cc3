import { findSources } from '../catalog/source-query.ts';
import type { CatalogFile } from '../catalog/file.ts';
import { runWorkflowId } from '../contract/names.ts';
import type { SyncOptions } from '../contract/options.ts';
import { targetName } from '../contract/target.ts';
import type { ExitCode } from '../errors.ts';
import { applyWhenChanged, readCatalog } from './catalog.ts';
import { loadConfig, type CommandContext } from './command.ts';
import { knownPlatforms } from './platforms.ts';
import { newRunId } from '../contract/run-id.ts';
import { followToResult, printStarted } from './run-result.ts';
import { launchRun } from './run-start.ts';
import { withSession, type Session } from './session.ts';
import type { SyncRequest } from './sync-options.ts';
import {
  refuseEmptyCatalog,
  refuseHopelessTarget,
  resolveTargetAndFilters,
} from './sync-target.ts';
import { formatAmount } from '../units.ts';

interface NamedRequest extends SyncRequest {
  readonly target: string;
}

/** `appsync <target>`: what can be refused without starting anything is refused first. */
export async function runSync(context: CommandContext, request: SyncRequest): Promise<ExitCode> {
  const { output } = context;
  const config = await loadConfig(context);
  const target = request.target ?? config.defaultTarget;
  if (request.target === undefined) {
    output.note(`syncing ${target}; ${output.program} sync-all takes every platform`);
  }
  const file = await readCatalog(config);
  refuseHopelessTarget(target, file, config, await knownPlatforms(config));
  const named = { ...request, target };
  const needs = { worker: !request.dryRun, verbose: request.verbose };
  return withSession(context, config, needs, async (session) => {
    if (!request.dryRun) return startSync(context, session, file, named);
    const { planSync } = await import('./sync-plan.ts');
    return planSync(context, session, file, named);
  });
}

async function startSync(
  context: CommandContext,
  session: Session,
  file: CatalogFile | null,
  request: NamedRequest,
): Promise<ExitCode> {
  const { io, output } = context;
  const { db, config, installation } = session;
  const now = new Date(io.now());
  if (file === null) await refuseEmptyCatalog(db, config, now);
  else await applyWhenChanged(db, file, output);
  const { target, filters } = await resolveTargetAndFilters(
    session,
    request.target,
    request.filters,
  );
  const matched = await findSources(db, target, filters, now);
  const runId = newRunId(io.now(), io.random());
  const run = await launchRun(session, {
    input: {
      run_id: runId,
      installation: installation.id,
      target,
      filters,
      options: request.options,
    },
    workflowId: runWorkflowId(installation.id, runId),
  });
  if (request.verbose) output.note(output.notePaint.dim(describeOptions(request.options)));
  if (!request.wait) return printStarted(context, run);
  output.note(`run ${runId}: ${targetName(target)}, ${formatAmount(matched.length, 'source')}`);
  if (run.webUi !== null) output.note(output.notePaint.dim(run.webUi));
  return followToResult(context, session, run, matched.length);
}

/** `pool_size 10, max_concurrent 5, …` */
const describeOptions = (options: SyncOptions): string =>
  Object.entries(options)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
