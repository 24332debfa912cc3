import { nearest } from '../catalog/did-you-mean.ts';

/** `did you mean a or b?`, or undefined when nothing is near; `before` goes before each word. */
export function didYouMean(
  typed: string,
  known: Iterable<string>,
  before = '',
): string | undefined {
  const words = nearest(typed, known).map((word) => `${before}${word}`);
  return words.length === 0 ? undefined : `did you mean ${words.join(' or ')}?`;
}
