import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Environment } from '../../src/config.ts';
import { runCli } from '../../src/cli/main.ts';
import type { CliIo, OutputStream } from '../../src/cli/io.ts';

export interface TestIo extends CliIo {
  readonly out: () => string;
  readonly err: () => string;
  /** Presses Ctrl-C. */
  readonly interrupt: () => void;
  readonly exits: number[];
  /** Whether a command listens for Ctrl-C now. */
  readonly isFollowed: () => boolean;
}

interface Terminal {
  readonly stdoutTTY?: boolean;
  readonly stderrTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Environment;
  readonly cwd?: string;
  readonly stdin?: string;
  /** The clock and chance of the real process, for runs that really run. */
  readonly real?: boolean;
}

/** A process in memory: streams that remember, a clock that stands still unless it is told to move. */
export function testIo(terminal: Terminal = {}): TestIo {
  const stdout = memoryStream(terminal.stdoutTTY === true, terminal);
  const stderr = memoryStream(terminal.stderrTTY === true, terminal);
  const handlers = new Set<() => void>();
  const exits: number[] = [];
  const env = terminal.env ?? {};
  return {
    env,
    loadEnvironment: async () => env,
    cwd: terminal.cwd ?? '/nowhere',
    stdin: Object.assign(Readable.from([terminal.stdin ?? '']), {
      isTTY: terminal.stdoutTTY === true,
    }),
    stdout: stdout.stream,
    stderr: stderr.stream,
    now: terminal.real === true ? Date.now : () => Date.parse('2026-11-23T16:15:02.345Z'),
    random: () => (terminal.real === true ? randomBytes(2).toString('hex') : '4f2a'),
    onInterrupt: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    exit: (code) => void exits.push(code),
    out: stdout.text,
    err: stderr.text,
    interrupt: () => {
      for (const handler of handlers) handler();
    },
    exits,
    isFollowed: () => handlers.size > 0,
  };
}

export function memoryStream(isTTY: boolean, { columns = 80, rows = 24 }: Terminal = {}) {
  let written = '';
  const stream: OutputStream = {
    write: (text) => {
      written += text;
    },
    isTTY,
    columns,
    rows,
  };
  return { stream, text: () => written };
}

/** Runs one command line in memory. */
export async function run(line: string | readonly string[], terminal: Terminal = {}) {
  const io = testIo(terminal);
  const words = typeof line === 'string' ? line.split(' ').filter(Boolean) : line;
  const exitCode = await runCli(words, io);
  return { exitCode, stdout: io.out(), stderr: io.err() };
}
