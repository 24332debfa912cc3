import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { AppsyncError, EXIT } from '../errors.ts';
import { logTail, openLogFile, sizeOf } from './log-files.ts';
import type { Orders, SupervisorMessage } from './orders.ts';
import type { StackFiles } from './stack-files.ts';

/**
 * Starts a supervisor and waits until its stack is up. Its output goes to its log, so that it keeps no
 * stream of ours open; the pipe for messages is closed at the end.
 */
export async function launchSupervisor(
  entry: string,
  orders: Orders,
  env: Readonly<Record<string, string | undefined>>,
  files: StackFiles,
  report: (step: string) => void,
): Promise<void> {
  const logged = sizeOf(files.logs.supervisor);
  const log = openLogFile(files.logs.supervisor);
  const child = spawn(process.execPath, [entry, files.marks.supervisor], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...env },
  });
  closeSync(log);
  try {
    await untilReady(child, orders, report, () => logTail(files.logs.supervisor, logged));
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

function untilReady(
  child: ChildProcess,
  orders: Orders,
  report: (step: string) => void,
  tail: () => string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: SupervisorMessage) => {
      if (message.kind === 'step') report(message.text);
      if (message.kind === 'ready') resolve();
      if (message.kind === 'failed') reject(startError(message));
    });
    child.once('error', (error) => reject(endedError(error.message)));
    child.once('exit', () => reject(endedError(tail())));
    child.send(orders, (error) => {
      if (error !== null) reject(endedError(tail() || error.message));
    });
  });
}

function startError(failure: Extract<SupervisorMessage, { kind: 'failed' }>): AppsyncError {
  const { exitCode, message, reason, hint } = failure;
  return new AppsyncError(exitCode, message, { reason, hint });
}

const endedError = (reason: string) =>
  new AppsyncError(EXIT.unreachable, 'the supervisor of the local stack ended while it started', {
    reason,
    hint: 'appsync down, then the command again; APPSYNC_HOME/logs has the logs',
  });
