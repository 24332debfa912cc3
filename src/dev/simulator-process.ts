import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { AppsyncError, EXIT } from '../errors.ts';

/** Simulators in a process of their own: a command that draws and counts would hold up their answers. */
export interface SimulatorProcess {
  /** Origin of both platforms. */
  readonly url: string;
  readonly port: number;
  /** Requests answered so far. */
  requests(): Promise<number>;
  close(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../sim/main.js', import.meta.url));

/** Starts it with the simulator's own options; it ends with this process, however that ends. */
export async function startSimulatorProcess(args: readonly string[]): Promise<SimulatorProcess> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  });
  const ended = once(child, 'exit');
  const url = await firstLine(child);
  return {
    url,
    port: Number(new URL(url).port),
    requests: async () => {
      const answer = await fetch(`${url}/_sim/log`);
      return ((await answer.json()) as { requests: readonly unknown[] }).requests.length;
    },
    close: async () => {
      // Closing the channel is what it ends on; an open one would keep it.
      child.disconnect();
      await ended;
    },
  };
}

/** The line of JSON that says where it listens; throws when it ends without one. */
async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout !== null) {
    for await (const line of createInterface(child.stdout)) {
      return (JSON.parse(line) as { notion_url: string }).notion_url;
    }
  }
  throw new AppsyncError(EXIT.failed, 'the simulators did not start', { hint: 'appsync dev sim' });
}
