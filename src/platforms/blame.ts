import { reasonOf, SyncFailure } from '../errors.ts';
import type { RateBudget } from './rate-limit.ts';
import type { PlatformSession } from './session.ts';

/** Failures that are not the platform's: Postgres', behind the budget. */
type Innocent = WeakSet<object>;

/**
 * A session whose own mistakes are called that. Whatever a platform's code throws besides SyncFailure, such as a
 * TypeError for an answer that nobody expected, would otherwise pass for a failure of Postgres and be tried again for
 * half an hour under that name. What the budget threw and the reason of a cancellation pass as they are.
 */
export function blameSession(
  session: PlatformSession,
  title: string,
  { innocent, signal }: { readonly innocent: Innocent; readonly signal: AbortSignal },
): PlatformSession {
  const blamed = (thrown: unknown): unknown => {
    const passes =
      thrown instanceof SyncFailure ||
      signal.aborted ||
      (typeof thrown === 'object' && thrown !== null && innocent.has(thrown));
    if (passes) return thrown;
    return new SyncFailure(
      'InvalidAnswer',
      `${title} gave what was not expected: ${reasonOf(thrown)}`,
      {
        cause: thrown,
      },
    );
  };
  return new Proxy(session, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...given: readonly unknown[]): unknown => {
        try {
          const result: unknown = Reflect.apply(member, target, given);
          if (isIterable(result)) return blameItems(result, blamed);
          return isPromise(result)
            ? result.catch((thrown: unknown) => Promise.reject(blamed(thrown)))
            : result;
        } catch (thrown) {
          throw blamed(thrown);
        }
      };
    },
  });
}

/** Not by its class, which differs between realms. */
const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' &&
  value !== null &&
  'catch' in value &&
  typeof value.catch === 'function';

const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

async function* blameItems(
  items: AsyncIterable<unknown>,
  blamed: (thrown: unknown) => unknown,
): AsyncIterable<unknown> {
  try {
    yield* items;
  } catch (thrown) {
    throw blamed(thrown);
  }
}

/** The budget, with everything that it throws noted as not the platform's. */
export function noteFailures(budget: RateBudget): { budget: RateBudget; innocent: Innocent } {
  const innocent: Innocent = new WeakSet();
  const noting = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (thrown) {
      if (typeof thrown === 'object' && thrown !== null) innocent.add(thrown);
      throw thrown;
    }
  };
  return {
    innocent,
    budget: {
      ...budget,
      take: (...given) => noting(budget.take(...given)),
      block: (...given) => noting(budget.block(...given)),
    },
  };
}
