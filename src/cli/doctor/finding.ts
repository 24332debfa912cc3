import { EXIT, type ExitCode } from '../../errors.ts';
import { within } from '../../observe/within.ts';
import { reportFailure } from '../failure-report.ts';

/** What is looked at, in the order in which it is told. */
export const AREAS = [
  'environment',
  'catalog',
  'postgres',
  'temporal',
  'tokens',
  'clocks',
  'versions',
] as const;
export type Area = (typeof AREAS)[number];

/** What one look at something found. */
export type Finding = { readonly area: Area; readonly message: string } & (
  | { readonly state: 'ok' }
  /** Works, but is not as it should be; does not change the exit code. */
  | { readonly state: 'warning'; readonly fix: string }
  /** Could not be looked at, or need not be there. */
  | { readonly state: 'skipped'; readonly fix?: string }
  | { readonly state: 'failed'; readonly fix: string; readonly exitCode: ExitCode }
);

/** Takes findings of one area as they are made, so that a later failure does not hide them. */
export interface Findings {
  readonly ok: (message: string) => void;
  readonly warn: (message: string, fix: string) => void;
  readonly skip: (message: string, fix?: string) => void;
  readonly fail: (exitCode: ExitCode, message: string, fix: string) => void;
  /** What was thrown, as the finding that it is. */
  readonly thrown: (error: unknown, fix?: string) => void;
}

export function findingsOf(area: Area, add: (finding: Finding) => void): Findings {
  const fail = (exitCode: ExitCode, message: string, fix: string) =>
    add({ area, state: 'failed', message, fix, exitCode });
  return {
    ok: (message) => add({ area, state: 'ok', message }),
    warn: (message, fix) => add({ area, state: 'warning', message, fix }),
    skip: (message, fix) =>
      add({ area, state: 'skipped', message, ...(fix === undefined ? {} : { fix }) }),
    fail,
    thrown: (error, fix) => {
      const { type, message, cause, hint, exitCode } = reportFailure(error);
      const why = cause === undefined || cause === message ? '' : `: ${cause}`;
      fail(codeOf(type, exitCode), `${message}${why}`, hint ?? fix ?? 'appsync status');
    },
  };
}

const PASSING: ReadonlySet<string> = new Set(['Unavailable', 'RateLimited', 'Blocked']);

/** A finding is about what cannot be reached, or else about what is configured. */
function codeOf(type: string, exitCode: ExitCode): ExitCode {
  if (exitCode === EXIT.unreachable || PASSING.has(type)) return EXIT.unreachable;
  return EXIT.credentials;
}

/**
 * Runs the looks at one area for `ms` at most. Whatever goes wrong is one more finding: nothing in one area keeps the
 * others from being looked at. Returns undefined when it did.
 */
export async function lookWithin<T>(
  ms: number,
  area: Area,
  findings: Findings,
  look: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await within(ms, area, look());
  } catch (error) {
    const isLate = error instanceof Error && error.message.startsWith(`${area} did not answer`);
    if (isLate) findings.fail(EXIT.unreachable, error.message, 'appsync status');
    else findings.thrown(error);
    return undefined;
  }
}

/** The gravest: what cannot be reached comes before what is configured wrongly, as the highest code. */
export const worstExit = (findings: readonly Finding[]): ExitCode =>
  findings.reduce<ExitCode>(
    (worst, finding) =>
      finding.state === 'failed' && finding.exitCode > worst ? finding.exitCode : worst,
    EXIT.ok,
  );
