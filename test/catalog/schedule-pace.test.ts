import { describe, expect, it } from '@jest/globals';
import { schedulePace } from '../../src/catalog/schedule-pace.ts';

const NOW = new Date('2026-03-02T05:00:00Z');

describe('a schedule', () => {
  it.each([
    [{ kind: 'every', every: '15m' }, 15 * 60_000, 60_000],
    [{ kind: 'every', every: '20s' }, 20_000, 2_000],
    [{ kind: 'cron', cron: '0 6 * * *' }, 24 * 3_600_000, 60_000],
    [{ kind: 'cron', cron: '*/5 * * * *' }, 5 * 60_000, 30_000],
  ] as const)('%j makes up for one missed time at most', (timing, interval_ms, jitter_ms) => {
    expect(schedulePace(timing, NOW)).toEqual({ interval_ms, catchup_ms: interval_ms, jitter_ms });
  });

  it.each([
    [{ kind: 'every', every: '5s' }, 'shorter than 10s'],
    [{ kind: 'every', every: 'often' }, 'not a duration'],
    [{ kind: 'cron', cron: '* * * *' }, 'five fields'],
    [{ kind: 'cron', cron: '0 0 31 2 *' }, 'never comes'],
  ] as const)('%j is refused', (timing, why) => {
    expect(() => schedulePace(timing, NOW)).toThrow(why);
  });
});
