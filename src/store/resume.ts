import { isDeepStrictEqual } from 'node:util';
import type { Checkpoint } from './scans.ts';
import type { SourceRow } from './sources.ts';

/** An older checkpoint is not resumed: too much has changed under a cursor or window of yesterday. */
const RESUMABLE_MS = 24 * 3_600_000;
/**
 * An incremental scan that has listed everything and lacks only cut values, contents or deletions: were it gone on
 * with for a day, a step that fails every time would keep new edits out for as long. Listing anew costs little.
 */
const LISTED_RESUMABLE_MS = 3_600_000;

/** What a scan would be gone on with under. */
export interface ResumeTerms {
  readonly incremental: boolean;
  readonly fingerprint: string;
  /** The scan that heals; null: healing is wished and none was begun; undefined: nobody wishes it. */
  readonly heal_scan?: string | null | undefined;
  readonly give_up_scan?: string | undefined;
  /** The source's version now, where it has one. */
  readonly version?: string | undefined;
}

/** Whether a scan that was begun is gone on with, or another one begins. */
export function canResume(
  checkpoint: Pick<Checkpoint, 'identity' | 'ref' | 'age_ms' | 'windows'>,
  source: SourceRow,
  { incremental, fingerprint, heal_scan, give_up_scan, version }: ResumeTerms,
): boolean {
  const { identity } = checkpoint;
  return (
    // A scan that was begun before the wish to heal may be past the rows concerned.
    (heal_scan === undefined || heal_scan === identity.scan_id) &&
    identity.scan_id !== give_up_scan &&
    identity.schema_fingerprint === fingerprint &&
    identity.version === version &&
    checkpoint.age_ms < resumableFor(checkpoint) &&
    isDeepStrictEqual(checkpoint.ref, placeOf(source)) &&
    (identity.mode === 'full' || incremental)
  );
}

/** What is scanned, and through whose eyes: another account may see other records. */
export const placeOf = (source: SourceRow) => ({ account: source.account, ref: source.ref });

const resumableFor = ({ identity, windows }: Pick<Checkpoint, 'identity' | 'windows'>) =>
  identity.mode === 'incremental' && windows.every((window) => window.done)
    ? LISTED_RESUMABLE_MS
    : RESUMABLE_MS;
