import type { ChildProcess } from 'node:child_process';
import type { Environment } from '../../src/config.ts';
import type { TestInstallation } from './installation.ts';
import { until } from './until.ts';

export interface WorkerProcess {
  readonly child: ChildProcess;
  /** Everything it has logged so far. */
  readonly log: () => string;
  /** Origin of its endpoints, once it polls. */
  readonly healthUrl: () => Promise<string>;
  /** How it ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** A worker of an installation in a process of its own, which answers probes on a free port. */
export function startWorkerProcess(
  installation: TestInstallation,
  env: Environment = {},
): WorkerProcess {
  const child = installation.spawnWorker(
    { APPSYNC_LOG_LEVEL: 'info', APPSYNC_HEALTH_ADDRESS: '127.0.0.1:0', ...env },
    'pipe',
  );
  let log = '';
  child.stderr?.on('data', (chunk) => (log += String(chunk)));
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const found = () => /"health":"([^"]+)"/.exec(log)?.[1];
  return {
    child,
    log: () => log,
    ended,
    healthUrl: async () => {
      await until(() => found() !== undefined || child.exitCode !== null);
      const url = found();
      if (url === undefined) throw new Error(`the worker ended: ${log}`);
      return url;
    },
  };
}

export interface Probe {
  readonly status: number;
  readonly text: string;
}

export async function probe(url: string): Promise<Probe> {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
}
