import { makePrivateDirectory } from './private-files.ts';
import { keepRunning } from './keep-running.ts';
import { stepText } from './orders.ts';
import { freePort, isListening } from './ports.ts';
import { startedAt } from './state-book.ts';
import type { Supervision } from './supervision.ts';
import type { TemporalBinary } from './temporal-binary.ts';
import {
  findRunningTemporal,
  startTemporal,
  temporalDatabaseFile,
  type RunningTemporal,
} from './temporal-server.ts';

const ATTEMPTS = 3;

/** The local Temporal server: adopted when one runs on the home's data, else started; then kept running. */
export async function keepTemporal(
  supervision: Supervision,
  binary: TemporalBinary,
): Promise<void> {
  const began = performance.now();
  makePrivateDirectory(supervision.files.temporal);
  const start = () => startOnFreePorts(supervision, binary);
  const onStart = (running: RunningTemporal) => note(supervision, running);
  const adopted = await findRunningTemporal(supervision.files.marks.temporal);
  const first = adopted ?? (await start());
  onStart(first);
  if (adopted === null) {
    const what = `Temporal ${binary.version} ready on port ${first.port}, Web UI on port ${first.uiPort}`;
    supervision.step(stepText(what, began));
  }
  void keepRunning(
    {
      name: 'Temporal',
      mark: supervision.files.marks.temporal,
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

/** The ports of last time if they are free. Somebody may take them between the look and the start. */
async function startOnFreePorts(
  supervision: Supervision,
  binary: TemporalBinary,
): Promise<RunningTemporal> {
  const { files, orders, book } = supervision;
  for (let attempt = 1; ; attempt++) {
    const { ports } = book.current();
    const port = await freePort(ports.temporal);
    const uiPort = await freePort(ports.temporal_ui);
    try {
      return await startTemporal({
        binary,
        port,
        uiPort,
        databaseFile: temporalDatabaseFile(files.temporal, binary.version),
        namespaces: orders.namespaces,
        directory: files.temporal,
        logFile: files.logs.temporal,
      });
    } catch (error) {
      const taken = (await isListening(port)) || (await isListening(uiPort));
      if (!taken || attempt === ATTEMPTS) throw error;
    }
  }
}

function note(supervision: Supervision, running: RunningTemporal): void {
  const { book } = supervision;
  const { pid, port, uiPort } = running;
  const before = book.current();
  book.update({
    temporal: { pid, started_at: startedAt(pid, before.temporal), port, ui_port: uiPort },
    ports: { ...before.ports, temporal: port, ...(uiPort === null ? {} : { temporal_ui: uiPort }) },
  });
  supervision.onAddress({ temporalAddress: `127.0.0.1:${port}` });
}
