import { expect } from '@jest/globals';
import type { RunSummary } from '../../../src/contract/summary.ts';
import type { TestInstallation } from '../../support/installation.ts';
import { testTemporal } from '../../support/temporal.ts';
import { run as runLine } from '../fake-io.ts';

/** Command lines against an installation, each with the simulator's log of its own. */
export function commandLines(installation: TestInstallation) {
  const env = { DATABASE_URL: installation.database.url, TEMPORAL_ADDRESS: testTemporal().address };
  const run = (line: string) => {
    installation.simulator.log.clear();
    return runLine(line, { env, real: true });
  };
  return {
    run,
    /** Syncs and gives the summary; everything must be complete. */
    sync: async (line: string): Promise<RunSummary> => {
      const { exitCode, stdout, stderr } = await run(`${line} --json`);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      return JSON.parse(stdout) as RunSummary;
    },
  };
}
