import type { CommandEnd } from '../run-command.ts';
import type { StoredShape } from '../check-rows.ts';
import type { Stage } from '../stage.ts';
import type { BenchSource } from '../worlds.ts';

export type CompetitorName = 'appsync' | 'plain' | 'copy' | 'dlt' | 'read';

/** One way to get sources into Postgres. */
export interface Competitor {
  readonly name: CompetitorName;
  /** Copies these sources, from nothing; `run` tells one run from another. */
  import(stage: Stage, sources: readonly BenchSource[], run: string): Promise<CommandEnd>;
  /** Where a source is afterwards; null when nothing was stored. */
  stored(source: BenchSource, run: string): StoredShape | null;
  /** Removes what `import` made, so that a next run begins with nothing, too. */
  clear(stage: Stage, run: string): Promise<void>;
}
