import type { BenchContext } from '../stage.ts';
import type { WorkloadResult } from '../results.ts';
import type { Competitor } from '../competitors/competitor.ts';

export interface Workload {
  readonly id: string;
  readonly about: string;
  /** `asked`: only when it is named, because it takes long. */
  readonly when: 'always' | 'asked';
  run(context: BenchContext, dlt: DltCompetitor): Promise<WorkloadResult>;
}

/** dlt, or why it is not here. */
export type DltCompetitor = { readonly competitor: Competitor } | { readonly missing: string };
