import { spawnDaemon } from './daemon.ts';
import { WORKER_GRACE_MS } from './end-stack.ts';
import { keepRunning, type KeptProcess } from './keep-running.ts';
import { stepText, type Orders } from './orders.ts';
import { endProcess, findMarked, isOurs } from './processes.ts';
import { startedAt } from './state-book.ts';
import type { Supervision } from './supervision.ts';
const DEATHS_KEPT = 3;

type WorkerOrders = NonNullable<Orders['worker']>;

/**
 * The worker that the state knows, if it was started with the same fingerprint. Every other worker of
 * this home is ended: workers with old code or settings must not take tasks beside the new one.
 */
export async function adoptWorker(
  { book, files, log }: Supervision,
  orders: WorkerOrders,
): Promise<KeptProcess | null> {
  const { worker, worker_fingerprint } = book.current();
  const mark = files.marks.worker;
  const same = worker !== null && worker_fingerprint === orders.fingerprint;
  const adopted = same && isOurs(worker.pid, mark) ? worker : null;
  const others = findMarked(mark).filter(({ pid }) => pid !== adopted?.pid);
  await Promise.all(others.map(({ pid }) => endProcess(pid, mark, 'SIGTERM', WORKER_GRACE_MS)));
  if (adopted !== null) log(`worker ${adopted.pid} adopted`);
  return adopted;
}

/** Starts the worker unless one was adopted, then keeps it running. */
export async function keepWorker(
  supervision: Supervision,
  orders: WorkerOrders,
  adopted: KeptProcess | null,
): Promise<void> {
  const { book, files } = supervision;
  const began = performance.now();
  const start = () => startWorker(supervision, orders);
  const onStart = ({ pid }: KeptProcess) => {
    const before = book.current().worker;
    book.update({
      worker: { pid, started_at: startedAt(pid, before) },
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
    await endProcess(worker.pid, files.marks.worker, 'SIGTERM', WORKER_GRACE_MS);
  }
}

function startWorker(supervision: Supervision, orders: WorkerOrders): Promise<KeptProcess> {
  const { databaseUrl, temporalAddress } = supervision.addresses();
  return spawnDaemon({
    name: 'the worker',
    file: process.execPath,
    args: [orders.entry, supervision.files.marks.worker],
    env: { ...orders.env, DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: temporalAddress },
    logFile: supervision.files.logs.worker,
  });
}
