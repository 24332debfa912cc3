import { UNIDENTIFIED, type Certificate } from '../contract/scan.ts';
import type { SourceError, SourceStatus } from '../contract/summary.ts';
import type { Unsettled } from '../store/deletions/sweep.ts';

const QUARANTINED = 'Quarantined';

/** What a person has to decide before a table can be called complete, what matters most first. */
export function doubtsOf(
  alias: string,
  { held, unreachable, open }: Unsettled,
  quarantined: number,
): readonly SourceError[] {
  const accept = `appsync sources accept-deletions ${alias}`;
  const guarded = held - unreachable;
  const doubts: readonly (SourceError & { readonly count: number })[] = [
    {
      count: quarantined,
      type: QUARANTINED,
      message: `${quarantined} ${quarantined === 1 ? 'record is' : 'records are'} in quarantine`,
      hint: `appsync quarantine list ${alias}`,
    },
    {
      count: guarded,
      type: 'DeletionGuard',
      message: `${guarded} rows would vanish at once: nothing is deleted without consent`,
      hint: `${accept} (or sync with --max-delete 100%)`,
    },
    {
      count: unreachable,
      type: 'Unreachable',
      message: `${unreachable} ${unreachable === 1 ? 'record is' : 'records are'} not listed and cannot be reached: deleted for good, or no longer shared`,
      hint: accept,
    },
    {
      count: open,
      type: 'Unsettled',
      message: `what became of ${open} records is not settled`,
    },
  ];
  return doubts.flatMap(({ count, ...doubt }) => (count > 0 ? [doubt] : []));
}

/**
 * How a source ended, from how its work ended: complete only with a scan that is proven whole and without
 * doubts.
 */
export function sourceVerdict(
  ended: {
    readonly alias: string;
    readonly status: SourceStatus;
    readonly error: SourceError | null;
  },
  certificate: Certificate | null,
  doubts: readonly SourceError[],
): { readonly status: SourceStatus; readonly error: SourceError | null } {
  if (ended.status !== 'complete') return { status: ended.status, error: ended.error };
  const gaps = certificate?.missing ?? ['there was no scan'];
  const messages = doubts.map(({ message }) => message);
  // A record without an id is a gap, and in quarantine: the latter says what to do.
  const isTold = doubts.some(({ type }) => type === QUARANTINED);
  const untold = gaps.filter((gap) => !(isTold && gap === UNIDENTIFIED));
  if (untold.length > 0) {
    const hint = `appsync all --source ${ended.alias} --no-incremental`;
    const message = [...gaps, ...messages].join('; ');
    return { status: 'incomplete', error: { type: 'EvidenceMissing', message, hint } };
  }
  const [doubt] = doubts;
  if (doubt === undefined) return { status: 'complete', error: null };
  return { status: 'incomplete', error: { ...doubt, message: [...messages, ...gaps].join('; ') } };
}
