import { describe, expect, it } from '@jest/globals';
import { METRIC_NAMES, addMetrics, syncMetrics } from '../../src/contract/metrics.ts';
import type { SourceStatus } from '../../src/contract/summary.ts';
import {
  addOutcome,
  countSources,
  emptyOutcome,
  runExitCode,
  runStatus,
  type Outcome,
} from '../../src/contract/verdict.ts';

function outcome(counts: Partial<Record<SourceStatus, number>>, unauthorized = 0): Outcome {
  const none = emptyOutcome();
  return { ...none, statuses: { ...none.statuses, ...counts }, unauthorized };
}

describe('the verdict on a run', () => {
  it.each([
    ['complete', { complete: 3 }, 0, 0],
    ['complete', {}, 0, 0],
    ['partial', { complete: 2, failed: 1 }, 0, 3],
    ['partial', { complete: 2, incomplete: 1 }, 0, 3],
    ['partial', { incomplete: 2 }, 0, 3],
    ['partial', { skipped: 2 }, 0, 3],
    ['partial', { complete: 1, failed: 1 }, 1, 3],
    ['partial', { complete: 1, cancelled: 1 }, 0, 3],
    ['failed', { failed: 2 }, 0, 1],
    ['failed', { failed: 1, incomplete: 1 }, 0, 1],
    ['failed', { failed: 2 }, 1, 1],
    ['failed', { failed: 2 }, 2, 4],
    ['cancelled', { cancelled: 2 }, 0, 130],
  ] as const)(
    'is %s for %o (%i of them for credentials), exit %i',
    (status, counts, unauthorized, exit) => {
      const ended = outcome(counts, unauthorized);
      expect(runStatus(ended)).toBe(status);
      expect(runExitCode(status, ended)).toBe(exit);
    },
  );

  it('that failed before it came to any source is no matter of credentials', () => {
    expect(runExitCode('failed', emptyOutcome())).toBe(1);
  });

  it('adds up over platforms and keeps the first failures', () => {
    const failure = (alias: string) => ({ alias, error: { type: 'NotFound', message: 'gone' } });
    const part = (n: number): Outcome => ({
      ...outcome({ failed: 15 }),
      metrics: syncMetrics({ read: n }),
      failures: Array.from({ length: 15 }, (_, i) => failure(`${n}-${i}`)),
    });
    const sum = addOutcome(part(1), part(2));
    expect(countSources(sum)).toBe(30);
    expect(sum.metrics.read).toBe(3);
    expect(sum.failures.map((one) => one.alias).slice(0, 2)).toEqual(['1-0', '1-1']);
    expect(sum.failures).toHaveLength(20);
  });
});

describe('metrics', () => {
  it('add up one by one, whatever metrics there are', () => {
    const each = syncMetrics(Object.fromEntries(METRIC_NAMES.map((name, i) => [name, i + 1])));
    const sum = addMetrics(each, each);
    METRIC_NAMES.forEach((name, i) => expect(sum[name]).toBe(2 * (i + 1)));
  });

  it('of an older program, which knew fewer, count the missing ones as 0', () => {
    expect(addMetrics({ read: 1 }, { read: 2, requests: 3 })).toEqual(
      syncMetrics({ read: 3, requests: 3 }),
    );
  });
});
