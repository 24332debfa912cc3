import { EXIT, type ExitCode } from '../../errors.ts';

export type Verdict = 'healthy' | 'degraded' | 'unhealthy';

/** What each finding makes of the whole; docs/operating.md has the same table for people. */
export const FINDINGS = {
  postgres_down: 'unhealthy',
  temporal_down: 'unhealthy',
  no_worker: 'unhealthy',
  all_sources_failing: 'unhealthy',
  token_refused: 'unhealthy',
  run_stuck: 'unhealthy',
  run_lost: 'degraded',
  run_paused: 'degraded',
  sources_failing: 'degraded',
  sources_overdue: 'degraded',
  sources_uncertified: 'degraded',
  records_quarantined: 'degraded',
  deletions_held: 'degraded',
  account_blocked: 'degraded',
  schedule_missing: 'degraded',
  schedule_paused: 'degraded',
  sources_out_of_sight: 'degraded',
} as const satisfies Record<string, Exclude<Verdict, 'healthy'>>;

export type FindingKind = keyof typeof FINDINGS;

/** One thing that is not as it should be. */
export interface Finding {
  readonly kind: FindingKind;
  /** What, for people, in one line. */
  readonly message: string;
  /** The command that helps, or shows more. */
  readonly hint: string;
  /** ISO 8601; null: not known. */
  readonly since: string | null;
  /** Aliases, runs, accounts or schedules that it is about. */
  readonly about: readonly string[];
}

/** The verdict of all findings together: the worst of them. */
export function verdictOf(findings: readonly Pick<Finding, 'kind'>[]): Verdict {
  if (findings.length === 0) return 'healthy';
  return findings.some(({ kind }) => FINDINGS[kind] === 'unhealthy') ? 'unhealthy' : 'degraded';
}

/** Exit codes that monitors go by. */
export const VERDICT_EXITS = {
  healthy: EXIT.ok,
  degraded: EXIT.partial,
  unhealthy: EXIT.failed,
} as const satisfies Record<Verdict, ExitCode>;
