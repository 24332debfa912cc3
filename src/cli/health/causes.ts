import { CREDENTIAL_FAILURES } from '../../contract/failures.ts';
import type { SourceFailure } from '../../store/health.ts';

/** Sources that fail for the same reason. */
export interface FailureCause {
  readonly type: string;
  readonly message: string;
  readonly hint: string | null;
  /** Of the one that has failed longest. */
  readonly since: string;
  readonly aliases: readonly string[];
}

/** Of these the sources of an account fail together, whatever the words. */
const OF_AN_ACCOUNT: ReadonlySet<string> = new Set(CREDENTIAL_FAILURES);

/** One cause for all sources whose failure says the same but for their own name; the commonest first. */
export function groupByCause(failing: readonly SourceFailure[]): readonly FailureCause[] {
  const causes = new Map<string, FailureCause>();
  for (const source of failing) {
    const type = source.error?.type ?? 'Unknown';
    const key = JSON.stringify([type, OF_AN_ACCOUNT.has(type) ? source.account : wordsOf(source)]);
    const known = causes.get(key);
    causes.set(key, {
      type,
      message: known?.message ?? source.error?.message ?? 'no reason was recorded',
      hint: known?.hint ?? source.error?.hint ?? null,
      since: known === undefined || source.since < known.since ? source.since : known.since,
      aliases: [...(known?.aliases ?? []), source.alias].toSorted(),
    });
  }
  return [...causes.values()].toSorted((a, b) => b.aliases.length - a.aliases.length);
}

/** The message without what belongs to the one source, and without counts. */
function wordsOf({ error, alias, external_id }: SourceFailure): string {
  const own = new RegExp(`(?<![\\w-])${alias.replaceAll(/\W/g, '\\$&')}(?![\\w-])`, 'g');
  return (error?.message ?? '')
    .replaceAll(external_id, '…')
    .replaceAll(own, '…')
    .replaceAll(/\d[\d,.]*/g, '#');
}
