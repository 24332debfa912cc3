import { cancelRun, controlRun } from '../client/run-control.ts';
import { runUrl } from '../client/run-url.ts';
import { runWorkflowId } from '../contract/names.ts';
import { DEFAULT_OPTIONS } from '../contract/options.ts';
import { EXIT, usageError, type ExitCode } from '../errors.ts';
import { newRunId } from '../contract/run-id.ts';
import type { PageActions } from '../page/server.ts';
import { loadConfig, type CommandContext } from './command.ts';
import { findUnfinishedRun } from './find-run.ts';
import { launchRun } from './run-start.ts';
import { withSession, type Session } from './session.ts';

/** `appsync ui`: serves the page until Ctrl-C. */
export async function serveUi(context: CommandContext, port: number): Promise<ExitCode> {
  const { io, output } = context;
  const config = await loadConfig(context);
  return withSession(context, config, { worker: true }, async (session) => {
    const { startPage } = await import('../page/server.ts');
    const { namespace } = await session.temporal();
    const { temporalUiUrl } = session;
    const page = await startPage({
      db: session.db,
      installation: session.installation.id,
      port,
      now: io.now,
      workflowUrl: (id) => (temporalUiUrl === null ? null : runUrl(temporalUiUrl, namespace, id)),
      actions: pageActions(context, session),
    });
    output.print(page.url);
    output.note('open it in a browser on this machine; Ctrl-C ends it, runs go on');
    await new Promise<void>((resolve) => {
      const unsubscribe = io.onInterrupt(() => {
        unsubscribe();
        resolve();
      });
    });
    await page.close();
    return EXIT.ok;
  });
}

/** Throws a usage error for what is no port. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65_535) return port;
  throw usageError(
    `--port must be a whole number from 0 to 65535, not "${text}"`,
    'appsync help ui',
  );
}

function pageActions({ io }: CommandContext, session: Session): PageActions {
  const steer = (action: 'pause' | 'resume') => async (runId: string) => {
    const run = await findUnfinishedRun(session, runId);
    await controlRun(await session.temporal(), run.workflow_id, { action, sources: [] });
  };
  return {
    pause: steer('pause'),
    resume: steer('resume'),
    cancel: async (runId) => {
      const run = await findUnfinishedRun(session, runId);
      await cancelRun(await session.temporal(), run.workflow_id);
    },
    sync: async (alias) => {
      const runId = newRunId(io.now(), io.random());
      const { id } = session.installation;
      await session.keepUp();
      const input = {
        run_id: runId,
        installation: id,
        target: { kind: 'source', name: alias } as const,
        filters: {},
        options: DEFAULT_OPTIONS,
      };
      await launchRun(session, { input, workflowId: runWorkflowId(id, runId) });
      return runId;
    },
  };
}
