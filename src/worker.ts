import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { GracefulShutdownPeriodExpiredError, NativeConnection, Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { platformFinder } from './activities/find-platform.ts';
import { createActivities } from './activities/index.ts';
import { ensureInstallation } from './catalog/installation.ts';
import { connectOptions } from './client.ts';
import { readConfig, readEnvironment, readSecret, type Config } from './config.ts';
import { taskQueue } from './contract/names.ts';
import { AppsyncError, EXIT, configurationError, reasonOf } from './errors.ts';
import { createLog, type Log } from './log.ts';
import { startHealthServer, type HealthServer } from './observe/health-server.ts';
import { isPolling, workerPhase } from './observe/polling.ts';
import { onStopSignals } from './observe/stop-signals.ts';
import { createSyncCounters, type SyncCounters } from './observe/sync-counters.ts';
import { installRuntime, type InstalledRuntime } from './observe/temporal-runtime.ts';
import { startReporting, watchPool } from './observe/worker-reporter.ts';
import { createRateBudget } from './platforms/rate-limit.ts';
import { requestPools } from './platforms/request-pool.ts';
import { agreeOnEncryptionKey } from './store/encryption-key.ts';
import { checkDatabase, openDatabase, type Database } from './store/database.ts';
import { migrate } from './store/migrate.ts';
import { version } from './version.ts';
import { readObservedState } from './store/observed-state.ts';
import { temporalUnreachable } from './temporal/connect-failure.ts';
import { readEncryptionKeys, type EncryptionKeys } from './temporal/encryption-keys.ts';
import { payloadCodec } from './temporal/payload-encryption.ts';

/** Activities that run at once in this process; each holds at most one Postgres connection at a time. */
const ACTIVITY_SLOTS = 40;
const POSTGRES_CONNECTIONS = 20;
/** Of their own: a probe must not wait behind merges for a connection. */
const PROBE_CONNECTIONS = 2;
/** After the grace time: for activities that were cancelled to end, and for everything to be closed. */
const CANCELLED_MS = 3_000;
const CLOSING_MS = 1_500;

/** A worker that polls for this installation's tasks until it is told to stop. */
export interface RunningWorker {
  readonly worker: Worker;
  /** Where it answers probes; null: nowhere. */
  readonly healthUrl: string | null;
  close(): Promise<void>;
}

interface Parts {
  readonly config: Config;
  readonly log: Log;
  readonly runtime: InstalledRuntime;
  readonly startedAt: number;
}

/** Wires configuration, pools, platforms and activities into a worker. Throws AppsyncError. */
export async function createWorker(parts: Parts): Promise<RunningWorker> {
  const { config, log } = parts;
  const databaseUrl = databaseOf(config);
  const keys = readEncryptionKeys(config.env);
  const db = openDatabase(databaseUrl, POSTGRES_CONNECTIONS);
  const postgres = watchPool(db);
  await checkDatabase(db);
  await migrate(db);
  const installation = await ensureInstallation(db);
  await agreeOnEncryptionKey(db, { current: keys.current?.id ?? null, known: keys.known });
  const { connection, namespace } = await connect(config);
  const counters = createSyncCounters();
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: taskQueue(installation.id),
    ...conversion(keys),
    ...versioning(config),
    activities: createActivities({
      db,
      findPlatform: platformFinder(db),
      budget: createRateBudget(db),
      log,
      version: version(),
      readSecret: (reference) => readSecret(reference, config.env),
      env: config.env,
      salt: installation.salt,
      observer: counters,
    }),
    maxConcurrentActivityTaskExecutions: ACTIVITY_SLOTS,
    shutdownGraceTime: config.graceSeconds * 1000,
    shutdownForceTime: config.graceSeconds * 1000 + CANCELLED_MS,
    // Cancellation reaches an activity with its heartbeat's answer: often enough to end in seconds.
    maxHeartbeatThrottleInterval: '2s',
    defaultHeartbeatThrottleInterval: '2s',
  });
  const probes = openDatabase(databaseUrl, PROBE_CONNECTIONS);
  const ask = () => isPolling(worker, connection, namespace);
  const health = await answerProbes(parts, worker, ask, counters, probes);
  const reporting = startReporting(probes, describeProcess(parts.startedAt), {
    postgres,
    http: requestPools,
  });
  const close = async () => {
    await reporting.stop();
    await Promise.all([db.end(), probes.end()]);
    await connection.close();
    await health?.close();
  };
  return { worker, healthUrl: health?.url ?? null, close };
}

/** This very process, for who looks at all workers. */
const describeProcess = (startedAt: number) => ({
  id: randomUUID(),
  host: hostname(),
  pid: process.pid,
  software: version(),
  started_at: new Date(startedAt).toISOString(),
});

function databaseOf({ databaseUrl }: Config): string {
  if (databaseUrl !== undefined) return databaseUrl;
  throw configurationError(
    'DATABASE_URL is not set',
    'eval "$(appsync env)" takes it from the local stack',
  );
}

/** How workflow code and payloads are read and written; see docs/security.md. */
function conversion(keys: EncryptionKeys) {
  const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  const payloadCodecs = [payloadCodec(keys)];
  return keys.current === null
    ? {
        workflowBundle: { codePath: path('./workflow-bundle.js') },
        dataConverter: { payloadCodecs },
      }
    : {
        workflowBundle: { codePath: path('./workflow-bundle-encrypting.js') },
        dataConverter: {
          payloadCodecs,
          failureConverterPath: path('./temporal/encoded-failures.js'),
        },
      };
}

/** A run ends on the build that it began with, unless somebody moves it; see docs/upgrading.md. */
function versioning({ deployment }: Config): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (deployment === undefined) return {};
  return {
    workerDeploymentOptions: {
      version: { deploymentName: deployment.name, buildId: deployment.buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'PINNED',
    },
  };
}

async function connect(config: Config) {
  const { namespace, connectionOptions } = connectOptions({
    address: config.temporalAddress,
    env: config.env,
  });
  try {
    return { namespace, connection: await NativeConnection.connect(connectionOptions) };
  } catch (error) {
    throw await temporalUnreachable(connectionOptions, error);
  }
}

/** The endpoints, when an address is given for them. They live from before the first task to the very end. */
async function answerProbes(
  { config, runtime, startedAt }: Parts,
  worker: Worker,
  polling: () => Promise<boolean>,
  counters: SyncCounters,
  probes: Database,
): Promise<HealthServer | null> {
  if (config.healthAddress === undefined) return null;
  const askDatabase = async () => void (await probes.query('select 1'));
  const budget = createRateBudget(probes);
  return startHealthServer(
    config.healthAddress,
    { phase: () => workerPhase(worker), isPolling: polling, askDatabase },
    {
      counters,
      state: () => readObservedState(probes),
      budgets: () => budget.status(),
      sdk: runtime.sdkMetrics,
      startedAt,
    },
  );
}

/** Runs until a signal comes, then drains; returns the exit code. */
async function run(config: Config, log: Log, startedAt: number): Promise<number> {
  let stop = (): void => process.exit(EXIT.ok);
  let stopping = false;
  onStopSignals((signal) => {
    log.info({ signal, grace_seconds: config.graceSeconds }, 'worker drains');
    stopping = true;
    stop();
  });
  const runtime = await installRuntime({ log, metrics: config.healthAddress !== undefined });
  const running = await createWorker({ config, log, runtime, startedAt });
  stop = () => {
    if (running.worker.getState() === 'RUNNING') running.worker.shutdown();
    const latest = config.graceSeconds * 1000 + CANCELLED_MS + CLOSING_MS;
    setTimeout(() => process.exit(EXIT.ok), latest).unref();
  };
  log.info({ pid: process.pid, health: running.healthUrl }, 'worker polls');
  try {
    await running.worker.run();
  } catch (error) {
    if (!(stopping && error instanceof GracefulShutdownPeriodExpiredError)) throw error;
    // Nothing is lost by that: their attempts count as dead after 10 s and go to another worker.
    log.warn('activities did not end in time and are left to other workers');
  }
  await running.close();
  log.info('worker ended');
  return EXIT.ok;
}

async function main(): Promise<void> {
  const startedAt = Date.now();
  let log = createLog('info');
  try {
    const config = readConfig(readEnvironment());
    log = createLog(config.logLevel);
    process.exit(await run(config, log, startedAt));
  } catch (error) {
    const known = error instanceof AppsyncError ? error : null;
    const detail = { reason: known?.reason ?? reasonOf(error), hint: known?.hint };
    log.fatal(detail, `worker ended: ${reasonOf(error)}`);
    process.exit(known?.exitCode ?? EXIT.failed);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
