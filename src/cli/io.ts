import type { Environment } from '../config.ts';

/** One of the two streams that a command writes to. */
export interface OutputStream {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Size of the terminal now; 80 × 24 when there is none. */
  readonly columns: number;
  readonly rows: number;
}

/** Everything that a command knows of the process around it, so that tests run commands in their own. */
export interface CliIo {
  /** Variables of the process, for colours and the program's name. */
  readonly env: Environment;
  /** The same over the `.env` file: what the configuration is read from. */
  readonly loadEnvironment: () => Promise<Environment>;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly now: () => number;
  /** Four random hex digits, for run ids. */
  readonly random: () => string;
  /** Calls `handler` on Ctrl-C instead of ending the process, until the returned function is called. */
  readonly onInterrupt: (handler: () => void) => () => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}
