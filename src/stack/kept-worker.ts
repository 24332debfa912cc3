import { spawnDaemon } from './daemon.ts';
import { stopMsOf, workerStopMs } from './end-stack.ts';
import { keepRunning, type KeptProcess } from './keep-running.ts';
import { stepText, type Orders } from './orders.ts';
import { freePort } from './ports.ts';
import { endProcess, findMarked, isOurs } from './processes.ts';
import { startedAt } from './state-book.ts';
import type { Supervision } from './supervision.ts';

const DEATHS_KEPT = 3;

type WorkerOrders = NonNullable<Orders['worker']>;

interface KeptWorker extends KeptProcess {
  readonly health_port?: number;
}

/**
 * The worker that the state knows, if it was started with the same fingerprint. Every other worker of
 * this home is ended: workers with old code or settings must not take tasks beside the new one.
 */
export async function adoptWorker(
  { book, files, log }: Supervision,
  orders: WorkerOrders,
): Promise<KeptWorker | null> {
  const { worker, worker_fingerprint } = book.current();
  const mark = files.marks.worker;
  const same = worker !== null && worker_fingerprint === orders.fingerprint;
  const adopted = same && isOurs(worker.pid, mark) ? worker : null;
  const stopMs = stopMsOf(book.current());
  const others = findMarked(mark).filter(({ pid }) => pid !== adopted?.pid);
  await Promise.all(others.map(({ pid }) => endProcess(pid, mark, 'SIGTERM', stopMs)));
  if (adopted !== null) log(`worker ${adopted.pid} adopted`);
  return adopted;
}

/** Starts the worker unless one was adopted, then keeps it running. */
export async function keepWorker(
  supervision: Supervision,
  orders: WorkerOrders,
  adopted: KeptWorker | null,
): Promise<void> {
  const { book, files } = supervision;
  const began = performance.now();
  const start = () => startWorker(supervision, orders);
  const onStart = ({ pid, health_port }: KeptWorker) => {
    const { worker: before, ports } = book.current();
    const stop_ms = workerStopMs(orders.graceSeconds);
    const health = health_port === undefined ? {} : { health_port };
    book.update({
      worker: { pid, started_at: startedAt(pid, before), stop_ms, ...health },
      ports: health_port === undefined ? ports : { ...ports, worker_health: health_port },
      worker_fingerprint: orders.fingerprint,
    });
  };
  if (adopted === null) book.update({ worker_deaths: [] });
  const first = adopted ?? (await start());
  onStart(first);
  if (adopted === null) supervision.step(stepText(`worker started, pid ${first.pid}`, began));
  void keepRunning(
    {
      name: 'worker',
      mark: files.marks.worker,
      firstDelayMs: 500,
      maxDelayMs: 3_000,
      start,
      onStart,
      onEnd: () => {
        const deaths = [...book.current().worker_deaths, Date.now()];
        book.update({ worker_deaths: deaths.slice(-DEATHS_KEPT) });
      },
      isStopping: supervision.isStopping,
      log: supervision.log,
    },
    first,
  );
}

/** Ends the worker, for it to be started with the addresses of now. */
export async function restartWorker({ book, files }: Supervision): Promise<void> {
  const { worker } = book.current();
  if (worker !== null) {
    await endProcess(worker.pid, files.marks.worker, 'SIGTERM', stopMsOf(book.current()));
  }
}

/**
 * Its probes are answered on a port of this machine, that of last time if it is free. A worker that finds
 * it taken after all ends, and is started again with another one.
 */
async function startWorker(supervision: Supervision, orders: WorkerOrders): Promise<KeptWorker> {
  const { databaseUrl, temporalAddress } = supervision.addresses();
  const health_port = await freePort(supervision.book.current().ports.worker_health);
  const daemon = await spawnDaemon({
    name: 'the worker',
    file: process.execPath,
    args: [orders.entry, supervision.files.marks.worker],
    env: {
      ...orders.env,
      // Versions are for clusters: here a worker is replaced by the next build at once.
      APPSYNC_DEPLOYMENT: undefined,
      APPSYNC_BUILD_ID: undefined,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporalAddress,
      APPSYNC_HEALTH_ADDRESS: `127.0.0.1:${health_port}`,
    },
    logFile: supervision.files.logs.worker,
  });
  return { ...daemon, health_port };
}
