import { spawn } from 'node:child_process';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

export interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Wall time from before it was started to its end. */
  readonly seconds: number;
}

/** Runs a command to its end; the signal kills it, and then this throws. */
export async function runCommand(command: Command, signal: AbortSignal): Promise<CommandEnd> {
  signal.throwIfAborted();
  const began = performance.now();
  const child = spawn(command.program, command.args, {
    env: command.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr, seconds: (performance.now() - began) / 1000 };
}

/** The same, for commands that have to succeed. */
export async function runWell(command: Command, signal: AbortSignal): Promise<CommandEnd> {
  const end = await runCommand(command, signal);
  if (end.code === 0) return end;
  const said = `${end.stdout.slice(-2000)}\n${end.stderr.slice(-2000)}`.trim();
  // Further arguments may hold the address of a database.
  throw new Error(`${command.program} ${command.args[0]} ended with ${end.code}:\n${said}`);
}
