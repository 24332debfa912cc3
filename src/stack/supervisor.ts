import { once } from 'node:events';
import { AppsyncError, EXIT, reasonOf } from '../errors.ts';
import { endParts } from './end-stack.ts';
import { keepPostgres } from './kept-postgres.ts';
import { keepTemporal } from './kept-temporal.ts';
import { adoptWorker, keepWorker, restartWorker } from './kept-worker.ts';
import type { Orders, SupervisorMessage } from './orders.ts';
import { findMarked, endProcess } from './processes.ts';
import { stackFiles, type StackFiles } from './stack-files.ts';
import { openStateBook, type StateBook } from './state-book.ts';
import type { Addresses, Supervision } from './supervision.ts';

// The process that owns a stack: Postgres, Temporal and the worker are its children, or were those of an
// earlier supervisor that it takes over from. It gets its orders over the pipe from the command that
// starts it, and lives until `down`.

/** An earlier supervisor may be initialising Postgres, which it cannot interrupt. */
const HAND_OVER_MS = 30_000;

let stopping = false;
const log = (line: string) => console.log(`${new Date().toISOString()} ${line}`);

function tell(message: SupervisorMessage): void {
  // The command may be gone (Ctrl-C): the stack starts all the same.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

async function superviseStack(orders: Orders): Promise<void> {
  const files = stackFiles(orders.home);
  await takeOver(files);
  const book = openStateBook(files.state, log);
  onSignals(files, book);
  book.update({
    phase: 'starting',
    supervisor: { pid: process.pid, started_at: new Date().toISOString() },
  });
  try {
    await startParts(createSupervision(orders, files, book));
    book.update({ phase: 'running' });
    tell({ kind: 'ready' });
    log('running');
  } catch (error) {
    tell(failure(error));
    await stop(files, book, `start failed: ${reasonOf(error)}`);
  }
}

async function startParts(supervision: Supervision): Promise<void> {
  const { orders, book } = supervision;
  const { worker, temporalBinary } = orders;
  const [adopted] = await Promise.all([
    worker === null ? null : adoptWorker(supervision, worker),
    temporalBinary === null ? null : keepTemporal(supervision, temporalBinary),
    orders.databaseUrl === null ? keepPostgres(supervision) : null,
  ]);
  if (worker === null) book.update({ worker_fingerprint: null });
  else await keepWorker(supervision, worker, adopted);
}

/** Only one supervisor: an earlier one leaves its processes to this one. */
async function takeOver({ marks }: StackFiles): Promise<void> {
  const earlier = findMarked(marks.supervisor);
  await Promise.all(
    earlier.map(({ pid }) => endProcess(pid, marks.supervisor, 'SIGUSR2', HAND_OVER_MS)),
  );
}

function createSupervision(orders: Orders, files: StackFiles, book: StateBook): Supervision {
  let addresses: Addresses = {
    databaseUrl: orders.databaseUrl ?? '',
    temporalAddress: orders.temporalAddress ?? '',
  };
  const supervision: Supervision = {
    orders,
    files,
    book,
    addresses: () => addresses,
    onAddress: (address) => {
      const before = addresses;
      addresses = { ...addresses, ...address };
      const moved =
        addresses.databaseUrl !== before.databaseUrl ||
        addresses.temporalAddress !== before.temporalAddress;
      if (moved && book.current().phase === 'running') void restartWorker(supervision);
    },
    step: (text) => tell({ kind: 'step', text }),
    log,
    isStopping: () => stopping,
  };
  return supervision;
}

function onSignals(files: StackFiles, book: StateBook): void {
  const end = (name: string) => void stop(files, book, name);
  process.on('SIGTERM', end).on('SIGINT', end);
}

async function stop(files: StackFiles, book: StateBook, why: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  log(`stopping (${why})`);
  book.update({ phase: 'stopping' });
  await endParts(files);
  book.update({ phase: 'stopped', supervisor: null, postgres: null, temporal: null, worker: null });
  log('stopped');
  process.exit(0);
}

function failure(error: unknown): SupervisorMessage {
  const known = error instanceof AppsyncError ? error : null;
  return {
    kind: 'failed',
    exitCode: known?.exitCode ?? EXIT.unreachable,
    message: known?.message ?? `the local stack did not start: ${reasonOf(error)}`,
    reason: known?.reason,
    hint: known?.hint,
  };
}

// Temporal creates its database readable for all.
process.umask(0o077);
process.on('SIGHUP', () => {});
process.on('SIGUSR2', () => {
  log('handed over');
  process.exit(0);
});
// Nobody to take orders from: the command ended between starting this and speaking.
const withoutOrders = () => process.exit(0);
process.once('disconnect', withoutOrders);
const [orders] = (await once(process, 'message')) as [Orders];
process.off('disconnect', withoutOrders);
await superviseStack(orders);
