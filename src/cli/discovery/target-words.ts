import type { TargetCounts } from '../../catalog/target-counts.ts';
import { reservedNames } from '../reserved-names.ts';
import { PREFIX } from '../shortcuts.ts';
import type { KnownTargets } from './known-targets.ts';

/** The words after the program's name that sync one target. */
export type TargetWords = (target: Pick<TargetCounts, 'kind' | 'word'>) => readonly string[];

/**
 * The shortest words that mean each target. A name that is also a command, a platform or another target's is given
 * by its kind: an application may be called `help`, and a component `-x`.
 */
export function targetWords({ targets }: Pick<KnownTargets, 'targets'>): TargetWords {
  const ofKind = (kind: TargetCounts['kind']) => targets.filter((target) => target.kind === kind);
  const platforms = ofKind('platform').map(({ word }) => word);
  const taken = new Set(['all', ...platforms, ...reservedNames()]);
  const aliases = new Set(ofKind('source').map(({ word }) => word.toLowerCase()));
  const applications = new Set(
    ofKind('app').flatMap(({ word, name }) => [word.toLowerCase(), name.toLowerCase()]),
  );
  const isPlain = (word: string, others: ReadonlySet<string>) =>
    !taken.has(word) &&
    !word.startsWith(PREFIX) &&
    !others.has(word) &&
    // An application can be named by its number, too.
    !/^\d+$/.test(word);
  return ({ kind, word }) => {
    if (kind === 'platform') return [word];
    if (kind === 'app' && isPlain(word, aliases)) return [word];
    if (kind === 'source' && isPlain(word, applications)) return [word];
    return filterWords(kind, word);
  };
}

/** A target by its kind: `sync-vault main`, or `all --vault=-x` where the word looks like an option. */
export const filterWords = (kind: TargetCounts['kind'], word: string): readonly string[] =>
  word.startsWith('-') ? ['all', `--${kind}`, word] : [`${PREFIX}${kind}`, word];
