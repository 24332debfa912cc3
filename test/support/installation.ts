import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { builtInPlatforms } from '../../src/platforms/registry.ts';
import { platformFinder } from '../../src/activities/find-platform.ts';
import { createActivities } from '../../src/activities/index.ts';
import { applyCatalog } from '../../src/catalog/apply.ts';
import { parseCatalog } from '../../src/catalog/file.ts';
import { ensureInstallation } from '../../src/catalog/installation.ts';
import {
  connectTemporal,
  startRun,
  waitForRun,
  type TemporalConnection,
} from '../../src/client.ts';
import { readSecret, type Environment } from '../../src/config.ts';
import { runWorkflowId, taskQueue } from '../../src/contract/names.ts';
import { DEFAULT_OPTIONS, type SyncOptions } from '../../src/contract/options.ts';
import type { RunSummary } from '../../src/contract/summary.ts';
import type { Filters, Target } from '../../src/contract/target.ts';
import { createLog } from '../../src/log.ts';
import { createRateBudget } from '../../src/platforms/rate-limit.ts';
import {
  AIRTABLE_TOKEN,
  NO_LIMITS,
  NOTION_TOKEN,
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../src/sim/simulator.ts';
import { insertRun, readRunSummary } from '../../src/store/runs.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';
import { startOwnTemporal } from './servers.ts';
import { testTemporal } from './temporal.ts';

export interface StartedRun {
  readonly runId: string;
  readonly workflowId: string;
  /** Waits for the end and gives the summary, also of a cancelled run. */
  finished(): Promise<RunSummary>;
}

/** Postgres, Temporal, simulators and workers of one test file, all real; ended by `close`. */
export interface TestInstallation {
  readonly database: TestDatabase;
  readonly simulator: Simulator;
  readonly temporal: TemporalConnection;
  readonly id: string;
  /** Applies a catalog of all simulated sources, or of those given; rates are unlimited unless said. */
  catalog(change?: (catalog: CatalogDocument) => void): Promise<void>;
  start(target?: Target, options?: Partial<SyncOptions>, filters?: Filters): Promise<StartedRun>;
  sync(target?: Target, options?: Partial<SyncOptions>, filters?: Filters): Promise<RunSummary>;
  /** The same database behind another Temporal server, with a worker: ids do not keep the two apart. */
  elsewhere(): Promise<Pick<TestInstallation, 'start'>>;
  startWorker(): Promise<Worker>;
  /** A worker as its own process, from the build, so that it can be killed; its log is on `stderr` when piped. */
  spawnWorker(more?: Environment, stderr?: 'inherit' | 'pipe'): ChildProcess;
  close(): Promise<void>;
}

/** The catalog file as an object. */
export interface CatalogDocument {
  accounts: Record<string, unknown>[];
  applications?: Record<string, unknown>[];
  sources: (Record<string, unknown> & { alias: string })[];
}

/** Built by `npm run build`, which `npm test` runs first. */
const WORKER = fileURLToPath(new URL('../../dist/worker.js', import.meta.url));

let runs = 0;
/** High enough never to wait; the limit of a window is not logged above 2,000 grants. */
const UNLIMITED = 100_000;

export interface InstallationOptions extends Partial<SimulatorOptions> {
  readonly world: SimulatorOptions['world'];
  readonly maxCachedWorkflows?: number;
  /** Default: one in this process. `spawned`: none until `spawnWorker`. */
  readonly worker?: 'in process' | 'spawned';
  /** Keep the platforms' own limits, in the simulator and in the budget. */
  readonly limits?: boolean;
  /** Address of a Temporal server of one's own. */
  readonly temporal?: string;
  /** Variables of the worker in this process, besides those of the simulators. */
  readonly env?: Environment;
}

export async function startInstallation(options: InstallationOptions): Promise<TestInstallation> {
  const limits = options.limits === true;
  const simulator = await startSimulator({
    ...options,
    ...(limits
      ? {}
      : {
          notion: { ...NO_LIMITS.notion, ...options.notion },
          airtable: { ...NO_LIMITS.airtable, ...options.airtable },
        }),
  });
  const database = await createTestDatabase();
  const { bundlePath } = testTemporal();
  const address = options.temporal ?? testTemporal().address;
  const installation = await ensureInstallation(database.pool);
  const env: Environment = {
    NOTION_TOKEN,
    AIRTABLE_TOKEN,
    NOTION_BASE_URL: simulator.notionUrl,
    AIRTABLE_ENDPOINT_URL: simulator.airtableUrl,
    ...options.env,
  };
  const temporal = await connectTemporal({ address, env: {} });
  const connection = await NativeConnection.connect({ address });
  const workers: { worker: Worker; ended: Promise<void> }[] = [];

  const startWorker = async (of: NativeConnection = connection) => {
    const worker = await Worker.create({
      connection: of,
      taskQueue: taskQueue(installation.id),
      workflowBundle: { codePath: bundlePath },
      activities: createActivities({
        db: database.pool,
        findPlatform: platformFinder(database.pool),
        budget: createRateBudget(database.pool),
        log: createLog('silent'),
        version: '0.0.0-test',
        readSecret: (reference) => readSecret(reference, env),
        env,
        salt: installation.salt,
      }),
      maxHeartbeatThrottleInterval: '1s',
      defaultHeartbeatThrottleInterval: '1s',
      ...(options.maxCachedWorkflows === undefined
        ? {}
        : { maxCachedWorkflows: options.maxCachedWorkflows }),
    });
    workers.push({ worker, ended: worker.run() });
    return worker;
  };

  const catalog = async (change: (catalog: CatalogDocument) => void = () => {}) => {
    const document = catalogOf(simulator, limits);
    change(document);
    const platforms = builtInPlatforms();
    const file = parseCatalog(stringify(document), '/tests/appsync.yaml', {
      platforms,
      reserved: [],
    });
    await applyCatalog(database.pool, file);
  };

  const startIn = async (
    connected: TemporalConnection,
    target: Target = { kind: 'all' },
    given: Partial<SyncOptions> = {},
    filters: Filters = {},
  ) => {
    const runId = `test-${installation.id}-${(runs += 1)}`;
    const workflowId = runWorkflowId(installation.id, runId);
    const options: SyncOptions = { ...DEFAULT_OPTIONS, ...given };
    await insertRun(database.pool, {
      run_id: runId,
      workflow_id: workflowId,
      target: 'all',
      filters,
      options,
    });
    await startRun(connected, {
      run_id: runId,
      installation: installation.id,
      target,
      filters,
      options,
    });
    return {
      runId,
      workflowId,
      finished: async () => {
        await waitForRun(connected, workflowId).catch((error: unknown) => {
          if (!/cancel/i.test(String(error))) throw error;
        });
        return (await readRunSummary(database.pool, runId)) as RunSummary;
      },
    };
  };

  const start: TestInstallation['start'] = (...args) => startIn(temporal, ...args);

  const closing: (() => Promise<void>)[] = [];
  const elsewhere = async () => {
    const server = await startOwnTemporal();
    closing.push(server.stop);
    const other = await connectTemporal({ address: server.address, env: {} });
    const native = await NativeConnection.connect({ address: server.address });
    closing.push(
      () => native.close(),
      () => other.close(),
    );
    await startWorker(native);
    const started: TestInstallation['start'] = (...args) => startIn(other, ...args);
    return { start: started };
  };

  const children: ChildProcess[] = [];
  const spawnWorker = (more: Environment = {}, stderr: 'inherit' | 'pipe' = 'inherit') => {
    const child = spawn(process.execPath, [WORKER], {
      env: {
        ...env,
        DATABASE_URL: database.url,
        TEMPORAL_ADDRESS: address,
        APPSYNC_LOG_LEVEL: 'error',
        ...more,
      },
      stdio: ['ignore', 'inherit', stderr],
    });
    children.push(child);
    return child;
  };

  await catalog();
  if (options.worker !== 'spawned') await startWorker();
  return {
    database,
    simulator,
    temporal,
    id: installation.id,
    catalog,
    start,
    sync: async (...args) => (await start(...args)).finished(),
    elsewhere,
    startWorker: () => startWorker(),
    spawnWorker,
    close: async () => {
      for (const child of children) child.kill('SIGKILL');
      for (const { worker } of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.all(workers.map(({ ended }) => ended));
      await connection.close();
      for (const close of closing.toReversed()) await close();
      await temporal.close();
      await simulator.close();
      await database.drop();
    },
  };
}

/** A catalog of everything that the simulators hold: alias from the title, one account per platform. */
function catalogOf(simulator: Simulator, limits: boolean): CatalogDocument {
  const rate = limits ? {} : { rate_limit: UNLIMITED };
  const sources = simulator.world.sources();
  const platforms = [...new Set(sources.map((source) => source.platform))];
  return {
    accounts: platforms.map((platform) => ({
      name: platform,
      platform,
      token: platform === 'notion' ? 'env:NOTION_TOKEN' : 'env:AIRTABLE_TOKEN',
      ...rate,
    })),
    sources: sources.map((source) => {
      const [base, table] = source.externalId.split('/');
      return {
        alias: source.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
        account: source.platform,
        ref: source.platform === 'notion' ? { data_source: source.externalId } : { base, table },
      };
    }),
  };
}

/** Once per process, before any worker: the SDK's log lines would drown the tests'. */
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: 'off' } },
});
