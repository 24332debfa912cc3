const NEAREST = 3;

/** Those of `known` that `typed` may have meant, nearest first: few edits away, or beginning with it. */
export function nearest(typed: string, known: Iterable<string>): readonly string[] {
  const word = typed.toLowerCase();
  const limit = word.length < 2 ? 0 : Math.min(3, Math.max(1, Math.floor(word.length / 3)));
  return [...new Set(known)]
    .map((candidate) => ({ candidate, distance: distanceTo(word, candidate.toLowerCase(), limit) }))
    .filter(({ distance }) => distance <= limit)
    .toSorted((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, NEAREST)
    .map(({ candidate }) => candidate);
}

/** `did you mean a or b? `, or nothing when nothing is near. */
export function didYouMean(typed: string, known: Iterable<string>): string {
  const words = nearest(typed, known);
  return words.length === 0 ? '' : `did you mean ${words.join(' or ')}? `;
}

function distanceTo(word: string, candidate: string, limit: number): number {
  if (word.length >= 3 && candidate.startsWith(word)) {
    return Math.min(limit, candidate.length - word.length);
  }
  if (Math.abs(word.length - candidate.length) > limit) return Infinity;
  return editDistance(word, candidate);
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function editDistance(a: string, b: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, j) => j);
  const at = (row: readonly number[], j: number) => row[j] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? at(beforeLast, j - 2) + 1 : Infinity;
      row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, replaced, swap));
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}
