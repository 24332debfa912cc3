import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ReapedDirectory {
  readonly path: string;
  /** Announces a process that does not have the directory in its command line. */
  readonly watch: (pid: number) => void;
  /** Ends every process of the directory and removes it. Happens by itself when this process ends. */
  readonly end: () => Promise<void>;
}

/** A temporary directory for servers that must not outlive their test, however it ends. */
export async function createReapedDirectory(): Promise<ReapedDirectory> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'appsync-test-')));
  // Postgres may run as another user, who has to pass through.
  await chmod(path, 0o711);
  const reaper = spawn(
    process.execPath,
    [fileURLToPath(new URL('./reaper.js', import.meta.url)), path],
    { detached: true, stdio: ['pipe', 'ignore', 'inherit'], env: { PATH: process.env['PATH'] } },
  );
  reaper.unref();
  return {
    path,
    watch: (pid) => void reaper.stdin.write(`${pid}\n`),
    end: async () => {
      const exit = once(reaper, 'exit');
      reaper.stdin.end();
      await exit;
    },
  };
}
