import type { Environment } from '../../src/config.ts';
import type { TestInstallation } from '../support/installation.ts';
import { testTemporal } from '../support/temporal.ts';
import { run } from './fake-io.ts';

/** Runs one command line in memory, for real, on the servers of an installation. */
export const runInstalled = (
  line: string | readonly string[],
  {
    installation,
    cwd,
    env = {},
  }: { installation: TestInstallation; cwd: string; env?: Environment },
) =>
  run(line, {
    cwd,
    real: true,
    env: {
      DATABASE_URL: installation.database.url,
      TEMPORAL_ADDRESS: testTemporal().address,
      TZ: 'UTC',
      ...env,
    },
  });
