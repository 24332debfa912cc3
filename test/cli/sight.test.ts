import { expect, test } from '@jest/globals';
import { lookFor } from '../../src/cli/sight.ts';
import type { PlatformSession } from '../../src/platforms/session.ts';

/** Lists these, then what `end` gives; counts how many were asked for. */
function listing(ids: readonly string[], end: () => Promise<void> = async () => {}) {
  let given = 0;
  const session: Pick<PlatformSession, 'discover'> = {
    async *discover() {
      for (const external_id of ids) {
        given += 1;
        yield { title: external_id, ref: {}, external_id };
      }
      await end();
    },
  };
  return { session, given: () => given };
}

const for_ever = () => new Promise<void>(() => {});

test('looks no further once all that is looked for is seen', async () => {
  const { session, given } = listing(['a', 'b', 'c', 'd'], for_ever);
  const sight = await lookFor(session, ['b', 'a'], 60_000);
  expect(sight).toEqual({ seen: 2, unseen: new Set(), isWhole: true });
  expect(given()).toBe(2);
});

test('says what is not there only when everything was listed', async () => {
  const { session } = listing(['a', 'b', 'b']);
  expect(await lookFor(session, ['z', 'a'], 60_000)).toEqual({
    seen: 2,
    unseen: new Set(['z']),
    isWhole: true,
  });
  const endless = listing(['a'], for_ever);
  expect(await lookFor(endless.session, ['z', 'a'], 50)).toEqual({
    seen: 1,
    unseen: new Set(['z']),
    isWhole: false,
  });
});

test('lists everything when there is nothing to look for', async () => {
  const { session } = listing(['a', 'b', 'c']);
  expect(await lookFor(session, [], 60_000)).toMatchObject({ seen: 3, isWhole: true });
});

test('throws what the listing throws', async () => {
  const { session } = listing(['a'], () => Promise.reject(new Error('forbidden')));
  await expect(lookFor(session, ['z'], 60_000)).rejects.toThrow('forbidden');
});
