import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestInstallation } from './installation.ts';
import { testTemporal } from './temporal.ts';
import { until } from './until.ts';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface ServedPage {
  /** As printed, with its key. */
  readonly url: string;
  readonly origin: string;
  readonly key: string;
  /** Ctrl-C; gives the exit code. */
  close(): Promise<number | null>;
}

/** `appsync ui` of the build, on the servers of an installation. */
export async function servePage(installation: TestInstallation): Promise<ServedPage> {
  const directory = mkdtempSync(join(tmpdir(), 'appsync-ui-'));
  const child = spawn(process.execPath, [CLI, 'ui'], {
    cwd: directory,
    env: {
      PATH: process.env['PATH'],
      HOME: directory,
      DATABASE_URL: installation.database.url,
      TEMPORAL_ADDRESS: testTemporal().address,
      TEMPORAL_UI_URL: 'http://127.0.0.1:9',
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  await until(() => {
    if (child.exitCode !== null) throw new Error(`appsync ui ended: ${stderr}`);
    return stdout.endsWith('\n');
  });
  const url = new URL(stdout.trim());
  return {
    url: url.href,
    origin: url.origin,
    key: url.searchParams.get('key') ?? '',
    close: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGINT');
      await exited;
      rmSync(directory, { recursive: true });
      return child.exitCode;
    },
  };
}
