import { randomBytes } from 'node:crypto';
import type { CliIo, OutputStream } from './io.ts';

const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The real process: its streams, clock, signals and variables. */
export function processIo(): CliIo {
  const cwd = process.cwd();
  return {
    // Colours and the program's name are needed before config.ts, which takes longer to load than help.
    // oxlint-disable-next-line node/no-process-env
    env: process.env,
    loadEnvironment: async () => (await import('../config.ts')).readEnvironment(cwd),
    cwd,
    stdin: process.stdin,
    stdout: outputStream(process.stdout),
    stderr: outputStream(process.stderr),
    now: () => Date.now(),
    random: () => randomBytes(2).toString('hex'),
    onInterrupt,
    exit: (code) => process.exit(code),
  };
}

function outputStream(stream: NodeJS.WriteStream): OutputStream {
  // A reader that went away (`| head`) is no failure of ours.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    write: (text) => void stream.write(text),
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 80;
    },
    get rows() {
      return stream.rows ?? 24;
    },
  };
}

function onInterrupt(handler: () => void): () => void {
  for (const signal of INTERRUPTS) process.on(signal, handler);
  return () => {
    for (const signal of INTERRUPTS) process.off(signal, handler);
  };
}

/** Waits until both streams have handed over what was written, so that exiting cuts nothing off. */
export async function drainStreams(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength === 0) continue;
    await new Promise<void>((resolve) => stream.write('', () => resolve()));
  }
}
