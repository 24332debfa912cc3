import { describe, expect, it } from '@jest/globals';
import type { ApplicationFailure } from '@temporalio/common';
import { activityFailure } from '../../src/activities/activity-failure.ts';
import { SyncFailure } from '../../src/errors.ts';

const YEAR_MS = 366 * 24 * 60 * 60_000;

/** What Temporal is told of a failure for which a plug-in read this time to wait from an answer. */
function toldOf(type: 'Unavailable' | 'RateLimited', retryAfterMs: unknown) {
  const thrown = new SyncFailure(type, 'refused', { retryAfterMs: retryAfterMs as number });
  const told = activityFailure(thrown) as ApplicationFailure;
  const [detail] = told.details as [{ readonly blocked_until?: string }];
  return { type: told.type, delay: told.nextRetryDelay, blocked_until: detail.blocked_until };
}

describe('the time that a failure names until the next attempt', () => {
  it.each([
    ['no number', Number('Wed, 21 Oct 2026')],
    ['a time that is past', -5_000],
    ['a word', 'soon'],
  ])('is none when it is %s: Temporal chooses, and the worker lives', (_, wait) => {
    expect(toldOf('Unavailable', wait)).toEqual({ type: 'Unavailable' });
  });

  it('is a second at least', () => {
    expect(toldOf('Unavailable', 0)).toEqual({ type: 'Unavailable', delay: 1_000 });
  });

  it('is a year at most, so that it is a date', () => {
    const { type, delay, blocked_until } = toldOf('RateLimited', Infinity);
    expect({ type, delay }).toEqual({ type: 'Blocked' });
    expect(Date.parse(blocked_until ?? '') - Date.now()).toBeLessThanOrEqual(YEAR_MS + 60_000);
  });
});
