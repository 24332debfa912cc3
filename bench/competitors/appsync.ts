import type { RunSummary } from '../../src/contract/summary.ts';
import { tableOf } from '../catalog.ts';
import type { CommandEnd } from '../run-command.ts';
import type { Competitor } from './competitor.ts';

/** As users run it, with a stack that is up, no limit of requests, and large batches. */
export const FAST = ['--rate-limit', '100000', '--batch-size', '1000', '--json'] as const;

/** The product. Each run needs sources that it has never seen. */
export const appsync: Competitor = {
  name: 'appsync',
  import: (stage, sources) =>
    stage.appsync(
      'sync-fast',
      sources[0]?.platform ?? 'all',
      ...sources.flatMap(({ alias }) => ['--source', alias]),
      ...FAST,
    ),
  stored: (source) => ({
    table: tableOf(source),
    id: '_id',
    name: 'name',
    points: 'points',
  }),
  clear: async () => {},
};

/** What a command with `--json` printed. */
export const summaryOf = ({ stdout }: CommandEnd): RunSummary => JSON.parse(stdout) as RunSummary;
