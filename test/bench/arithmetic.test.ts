import { describe, expect, it } from '@jest/globals';
import { bestMs, idDigest, median, spread } from '../../bench/arithmetic.ts';

describe('the median', () => {
  it('is the middle value, or the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 100])).toBe(3.5);
    expect(median([])).toBeNaN();
  });
});

describe('the digest of ids', () => {
  it('does not depend on their order, and tells sets apart', () => {
    expect(idDigest(['b', 'a'])).toBe(idDigest(['a', 'b']));
    expect(idDigest(['a', 'b'])).not.toBe(idDigest(['a', 'c']));
    expect(idDigest(['a', 'b'])).not.toBe(idDigest(['a', 'b', 'b']));
  });
});

describe('a sample', () => {
  it('has the first, the last and none twice', () => {
    const items = Array.from({ length: 1_000 }, (_, place) => place);
    const sample = spread(items, 50);
    expect(sample).toHaveLength(50);
    expect(new Set(sample).size).toBe(50);
    expect([sample[0], sample.at(-1)]).toEqual([0, 999]);
    expect(spread([1, 2], 50)).toEqual([1, 2]);
  });
});

describe('the best time that a limit allows', () => {
  const notion = { requests: 180, windowMs: 60_000, burst: 180, latencyMs: 120 };

  it('is the time of the requests themselves where the limit is not met', () => {
    expect(bestMs(0, { ...notion, atOnce: 1 })).toBe(0);
    expect(bestMs(10, { ...notion, atOnce: 1 })).toBe(1_200);
    expect(bestMs(10, { ...notion, atOnce: 5 })).toBe(240);
  });

  it('waits for the window after the one that is used up, which opens with its first request', () => {
    expect(bestMs(181, { ...notion, atOnce: 1 })).toBe(60_120);
    expect(bestMs(300, { ...notion, atOnce: 200 })).toBe(60_120);
    expect(bestMs(361, { ...notion, atOnce: 10 })).toBe(120_120);
  });

  it('opens no window before the requests before it are answered', () => {
    // Three requests of 500 ms fill more than the second that they may share.
    const slow = { requests: 3, windowMs: 1_000, burst: 3, latencyMs: 500, atOnce: 1 };
    expect(bestMs(4, slow)).toBe(2_000);
  });

  it('has a burst at once and then the rate of the window, and no burst again without idle time', () => {
    const bucket = { ...notion, burst: 30, latencyMs: 0, atOnce: 100 };
    expect(bestMs(30, bucket)).toBe(0);
    expect(bestMs(31, bucket)).toBeCloseTo(1_000 / 3);
    expect(bestMs(180, bucket)).toBeCloseTo(50_000);
    expect(bestMs(181, bucket)).toBeCloseTo(60_000);
    expect(bestMs(210, bucket)).toBeCloseTo(60_000 + 29_000 / 3);
  });
});
