import { endParts, partsStopMs } from './end-stack.ts';
import { examineStack } from './examine.ts';
import { withLock } from './home-lock.ts';
import { launchSupervisor } from './launch.ts';
import { stepText, type Orders } from './orders.ts';
import { endMarked } from './processes.ts';
import type { StackFiles } from './stack-files.ts';
import type { StackSettings, StackStep } from './stack.ts';
import { NO_STATE, readState, writeState } from './state-file.ts';
import { findTemporalBinary, type TemporalBinary } from './temporal-binary.ts';
import { waitUntil } from './wait.ts';

const LOCK_TIMEOUT_MS = 120_000;
const RECOVERY_MS = 15_000;

/** Starts what is missing. Commands at the same time wait for the one that does. */
export const repairStack = (
  settings: StackSettings,
  files: StackFiles,
  report: (step: StackStep) => void,
): Promise<void> => withLock(files.lock, LOCK_TIMEOUT_MS, () => repair(settings, files, report));

/** Another command may have done the work meanwhile, and a living supervisor restarts what died by itself. */
async function repair(
  settings: StackSettings,
  files: StackFiles,
  report: (step: StackStep) => void,
): Promise<void> {
  let condition = await examineStack(files, settings);
  if (condition === 'recovering') {
    await waitUntil(async () => {
      condition = await examineStack(files, settings);
      return condition !== 'recovering';
    }, RECOVERY_MS);
  }
  if (condition === 'up') return;
  const orders = giveOrders(settings, files, report);
  await launchSupervisor(settings.supervisorEntry, orders, settings.env, files, report);
}

function giveOrders(
  settings: StackSettings,
  files: StackFiles,
  report: (step: StackStep) => void,
): Orders {
  const { workerEntry: entry, env, fingerprint, graceSeconds } = settings;
  const namespace = env['TEMPORAL_NAMESPACE'];
  return {
    home: files.home,
    databaseUrl: settings.databaseUrl ?? null,
    temporalAddress: settings.temporalAddress ?? null,
    temporalBinary:
      settings.temporalAddress === undefined ? temporalBinary(settings, report) : null,
    worker: settings.needsWorker ? { entry, env, fingerprint, graceSeconds } : null,
    namespaces: namespace === undefined || namespace === '' ? [] : [namespace],
  };
}

function temporalBinary(
  settings: StackSettings,
  report: (step: StackStep) => void,
): TemporalBinary {
  const began = performance.now();
  const binary = findTemporalBinary({
    temporalCliPath: settings.temporalCliPath,
    env: settings.env,
    announce: report,
    explain: (line) => {
      if (settings.verbose) settings.log(`looking for Temporal: ${line}`);
    },
  });
  if (binary.origin === 'download') {
    report(stepText(`Temporal ${binary.version} downloaded`, began));
  }
  return binary;
}

/** Ends everything in a home. Its ports are kept for the next start. */
export const endStack = (files: StackFiles): Promise<void> =>
  withLock(files.lock, LOCK_TIMEOUT_MS, async () => {
    await endMarked(files.marks.supervisor, 'SIGTERM', partsStopMs(readState(files.state)));
    await endParts(files);
    const { ports } = readState(files.state);
    writeState(files.state, { ...NO_STATE, ports });
  });
