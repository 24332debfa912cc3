import type { PlatformSession } from '../platforms/session.ts';

/** What an account sees of the sources that are looked for. */
export interface Sight {
  /** Different sources that were listed until the end of looking. */
  readonly seen: number;
  /** External ids that were not listed. */
  readonly unseen: ReadonlySet<string>;
  /** Whether all was listed that was needed to say so: false when the time was over before. */
  readonly isWhole: boolean;
}

/**
 * Lists what an account sees until each of these sources is seen: the rest may take a request per database. Without any to
 * look for it lists everything. What is not listed within `ms` is left. Throws what listing throws.
 */
export async function lookFor(
  session: Pick<PlatformSession, 'discover'>,
  wanted: Iterable<string>,
  ms: number,
): Promise<Sight> {
  const seen = new Set<string>();
  const unseen = new Set(wanted);
  const isAimed = unseen.size > 0;
  let isStopped = false;
  const list = async (): Promise<'listed'> => {
    for await (const { external_id } of session.discover()) {
      seen.add(external_id);
      unseen.delete(external_id);
      if (isStopped || (isAimed && unseen.size === 0)) break;
    }
    return 'listed';
  };
  const listing = list();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms);
  });
  try {
    const end = await Promise.race([listing, late]);
    return { seen: seen.size, unseen, isWhole: end === 'listed' };
  } finally {
    clearTimeout(timer);
    isStopped = true;
    listing.catch(() => {});
  }
}
