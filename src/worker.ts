import { fileURLToPath } from 'node:url';
import {
  NativeConnection,
  Runtime,
  Worker,
  makeTelemetryFilterString,
  type Logger,
  type LogMetadata,
} from '@temporalio/worker';
import { createActivities } from './activities/index.ts';
import { ensureInstallation } from './catalog/installation.ts';
import { connectOptions } from './client.ts';
import { readConfig, readEnvironment, readSecret, type Config } from './config.ts';
import { taskQueue } from './contract/names.ts';
import { configurationError, reasonOf, unreachableError } from './errors.ts';
import { createLog, type Log } from './log.ts';
import { createRateBudget } from './platforms/rate-limit.ts';
import { builtInPlatforms } from './platforms/registry.ts';
import { checkDatabase, openDatabase, type Database } from './store/database.ts';
import { migrate } from './store/migrate.ts';
import { version } from './version.ts';

/** Activities that run at once in this process; each holds at most one Postgres connection at a time. */
const ACTIVITY_SLOTS = 40;
const POSTGRES_CONNECTIONS = 20;

/** A worker that polls for this installation's tasks until it is told to stop. */
export interface RunningWorker {
  readonly worker: Worker;
  close(): Promise<void>;
}

/** Wires configuration, pools, platforms and activities into a worker. Throws AppsyncError. */
export async function createWorker(
  config: Config,
  log: Log,
  bundlePath: string,
): Promise<RunningWorker> {
  if (config.databaseUrl === undefined) {
    throw configurationError(
      'DATABASE_URL is not set',
      'eval "$(appsync env)" takes it from the local stack',
    );
  }
  const db = openDatabase(config.databaseUrl, POSTGRES_CONNECTIONS);
  await checkDatabase(db);
  await migrate(db);
  const installation = await ensureInstallation(db);
  const { connection, namespace } = await connect(config);
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: taskQueue(installation.id),
    workflowBundle: { codePath: bundlePath },
    activities: createActivities({
      db,
      platforms: builtInPlatforms(),
      budget: createRateBudget(db),
      log,
      version: version(),
      readSecret: (reference) => readSecret(reference, config.env),
      env: config.env,
      salt: installation.salt,
    }),
    maxConcurrentActivityTaskExecutions: ACTIVITY_SLOTS,
    shutdownGraceTime: '10s',
    // Cancellation reaches an activity with its heartbeat's answer: often enough to end in seconds.
    maxHeartbeatThrottleInterval: '2s',
    defaultHeartbeatThrottleInterval: '2s',
  });
  return { worker, close: () => closeAll(connection, db) };
}

async function connect(config: Config) {
  const { namespace, connectionOptions } = connectOptions({
    address: config.temporalAddress,
    env: config.env,
  });
  try {
    return { namespace, connection: await NativeConnection.connect(connectionOptions) };
  } catch (error) {
    throw unreachableError(
      `Temporal does not answer at ${connectionOptions.address ?? 'its default address'}`,
      'check TEMPORAL_ADDRESS, or unset it to use the local stack',
      error,
    );
  }
}

async function closeAll(connection: NativeConnection, db: Database): Promise<void> {
  await connection.close();
  await db.end();
}

/** The SDK's log lines in ours. */
function temporalLogger(log: Log): Logger {
  const at =
    (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, meta?: LogMetadata) =>
      log[level](meta ?? {}, message);
  const levels = {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
  const named = {
    TRACE: 'trace',
    DEBUG: 'debug',
    INFO: 'info',
    WARN: 'warn',
    ERROR: 'error',
  } as const;
  return { ...levels, log: (level, message, meta) => at(named[level])(message, meta) };
}

async function main(): Promise<void> {
  const config = readConfig(readEnvironment());
  const log = createLog(config.logLevel);
  Runtime.install({
    logger: temporalLogger(log),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }), forward: {} },
    },
  });
  try {
    const bundle = fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));
    const running = await createWorker(config, log, bundle);
    log.info({ pid: process.pid }, 'worker polls');
    await running.worker.run();
    await running.close();
  } catch (error) {
    log.fatal({ reason: reasonOf(error) }, 'worker ended');
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
