/** What was promised and what was seen instead, in a sentence. */
export class Nonconformance extends Error {
  constructor(expected: string, seen: string) {
    super(`expected ${expected}; seen: ${seen}`);
    this.name = 'Nonconformance';
  }
}

/** A check cannot be made here, for this reason. */
export class Skipped extends Error {}

/** Throws Nonconformance unless the promise was kept; `seen` may be worked out when it was not. */
export function expectThat(
  isKept: boolean,
  expected: string,
  seen: string | (() => string),
): asserts isKept {
  if (!isKept) throw new Nonconformance(expected, typeof seen === 'string' ? seen : seen());
}

/** What a check depends on; it is skipped where that is not offered. */
export function need<T>(offered: T, why: string): NonNullable<T> {
  if (offered === undefined || offered === null) throw new Skipped(why);
  return offered;
}

type Bound<T> = NonNullable<T> extends (...args: infer A) => infer R ? (...args: A) => R : never;

/** A method that may not be there, bound to its owner; the check is skipped without it. */
export function methodOf<T extends object, K extends keyof T>(
  owner: T,
  name: K,
  why: string,
): Bound<T[K]> {
  const method = owner[name];
  if (typeof method !== 'function') throw new Skipped(why);
  return method.bind(owner) as Bound<T[K]>;
}

export const isTime = (text: string | null): boolean =>
  text !== null && !Number.isNaN(Date.parse(text));
