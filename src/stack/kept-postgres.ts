import { keepRunning } from './keep-running.ts';
import { stepText } from './orders.ts';
import { freePort, isListening } from './ports.ts';
import type { PostgresData } from './postgres-data.ts';
import {
  findRunningPostgres,
  isReady,
  postgresUrl,
  preparePostgres,
  startPostgres,
  type RunningPostgres,
} from './postgres-server.ts';
import { startedAt } from './state-book.ts';
import type { Supervision } from './supervision.ts';
import { waitUntil } from './wait.ts';

const ATTEMPTS = 3;
const ADOPTED_READY_MS = 60_000;

/** The local Postgres: adopted when one runs on the data, else started; then kept running. */
export async function keepPostgres(supervision: Supervision): Promise<void> {
  const began = performance.now();
  const data = preparePostgres(supervision.files.postgres);
  const start = () => startOnFreePort(supervision, data);
  const onStart = (running: RunningPostgres) => note(supervision, data, running);
  const adopted = await adopt(data);
  const first = adopted ?? (await start());
  onStart(first);
  if (adopted === null) {
    const what = `Postgres ${data.binaries.version} ready on port ${first.port}`;
    supervision.step(stepText(what, began));
  }
  void keepRunning(
    {
      name: 'Postgres',
      mark: supervision.files.marks.postgres,
      firstDelayMs: 100,
      maxDelayMs: 10_000,
      start,
      onStart,
      onEnd: () => {},
      isStopping: supervision.isStopping,
      log: supervision.log,
    },
    first,
  );
}

async function adopt(data: PostgresData): Promise<RunningPostgres | null> {
  const running = findRunningPostgres(data.dataDirectory);
  if (running === null) return null;
  const same = () => findRunningPostgres(data.dataDirectory)?.pid === running.pid;
  await waitUntil(() => !same() || isReady(data.dataDirectory, running.pid), ADOPTED_READY_MS);
  return same() ? running : null;
}

/** The port of last time if it is free. Somebody may take it between the look and the start. */
async function startOnFreePort(
  supervision: Supervision,
  data: PostgresData,
): Promise<RunningPostgres> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(supervision.book.current().ports.postgres);
    try {
      return await startPostgres(data, port, supervision.files.logs.postgres);
    } catch (error) {
      const taken = await isListening(port);
      if (!taken || attempt === ATTEMPTS) throw error;
    }
  }
}

function note(supervision: Supervision, data: PostgresData, running: RunningPostgres): void {
  const { book } = supervision;
  const { pid, port } = running;
  const before = book.current();
  const url = postgresUrl(port, data.password);
  book.update({
    postgres: { pid, started_at: startedAt(pid, before.postgres), url, port },
    ports: { ...before.ports, postgres: port },
  });
  supervision.onAddress({ databaseUrl: url });
}
