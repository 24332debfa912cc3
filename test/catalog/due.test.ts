import { describe, expect, it } from '@jest/globals';
import {
  checkCron,
  dueAfterSetback,
  jitterMs,
  nextDueAt,
  nextTime,
  parseDuration,
  type Setback,
} from '../../src/catalog/due.ts';

interface Given {
  readonly alias?: string;
  readonly every_seconds?: number;
  readonly cron?: string;
}

const NO_SCHEDULE = { alias: 'tasks', every_seconds: null, cron: null };
const next = (given: Given, from: string) =>
  nextTime({ ...NO_SCHEDULE, ...given }, new Date(from))?.toISOString() ?? null;
const due = (given: Given, from: string) =>
  nextDueAt({ ...NO_SCHEDULE, ...given }, new Date(from))?.toISOString() ?? null;
const jitter = (given: Given) => jitterMs({ ...NO_SCHEDULE, ...given });

describe('durations', () => {
  it.each([
    ['90s', 90],
    ['15m', 900],
    ['1h', 3600],
    ['2d', 172_800],
  ])('reads %s', (text, seconds) => expect(parseDuration(text)).toBe(seconds));

  it.each(['', '0s', '1', 'h', '1.5h', '-1h', '1 h', '1w', '1h30m', '99999d', '9999999999s'])(
    'refuses %j',
    (text) => expect(() => parseDuration(text)).toThrow('is not a duration'),
  );
});

describe('the next time of a schedule', () => {
  it('is none without a schedule, so that the source is due on every run', () =>
    expect(next({}, '2026-01-01T00:00:00Z')).toBeNull());

  it('is that long after the last sync', () =>
    expect(next({ every_seconds: 5400 }, '2026-03-29T00:30:00Z')).toBe('2026-03-29T02:00:00.000Z'));

  it('is the next time of a cron expression, in UTC, and never the moment itself', () => {
    expect(next({ cron: '0 6 * * *' }, '2026-01-01T05:59:59.999Z')).toBe(
      '2026-01-01T06:00:00.000Z',
    );
    expect(next({ cron: '0 6 * * *' }, '2026-01-01T06:00:00Z')).toBe('2026-01-02T06:00:00.000Z');
    expect(next({ cron: '@daily' }, '2026-01-01T06:00:00Z')).toBe('2026-01-02T00:00:00.000Z');
  });

  it('keeps the local hour over a change of clocks when a zone is named', () => {
    const cron = 'CRON_TZ=Europe/Berlin 0 6 * * *';
    expect(next({ cron }, '2026-03-28T12:00:00Z')).toBe('2026-03-29T04:00:00.000Z');
    expect(next({ cron }, '2026-03-27T12:00:00Z')).toBe('2026-03-28T05:00:00.000Z');
  });

  it('comes right after the gap when clocks skip the time, and once when they repeat it', () => {
    const cron = 'CRON_TZ=Europe/Berlin 30 2 * * *';
    expect(next({ cron }, '2026-03-28T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z');
    expect(next({ cron }, '2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z');
    expect(next({ cron }, '2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00.000Z');
  });

  it.each([
    ['0 6 * *', 'five fields'],
    ['0 0 6 * * *', 'five fields'],
    ['2026-01-01T00:00:00', 'five fields'],
    ['61 * * * *', 'minute'],
    ['@reboot', 'reboot'],
    ['0 6 30 2 *', 'never comes'],
    ['CRON_TZ=Nowhere/Land 0 6 * * *', 'unknown time zone Nowhere/Land'],
  ])('refuses %j', (cron, why) => expect(() => checkCron(cron)).toThrow(why));
});

describe('when a source is due next', () => {
  const NOON = '2026-05-01T12:00:00.000Z';
  const names = Array.from({ length: 100 }, (_, i) => `source-${i}`);

  it('is its interval and its own jitter after the last sync, the same each time', () => {
    const hourly = { alias: 'people', every_seconds: 3600 };
    expect(due(hourly, NOON)).toBe('2026-05-01T13:04:42.668Z');
    expect(due(hourly, '2026-05-01T13:04:42.668Z')).toBe('2026-05-01T14:09:25.336Z');
    expect(due({ ...hourly, alias: 'tasks' }, NOON)).toBe('2026-05-01T13:00:11.696Z');
  });

  it.each([
    [10, 1_000],
    [3_600, 360_000],
    [6_000, 600_000],
    [7 * 86_400, 600_000],
  ])(
    'is spread evenly over a tenth of %i s, ten minutes at most, never earlier',
    (every_seconds, most) => {
      const late = names.map((alias) => jitter({ alias, every_seconds }));
      expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...late)).toBeLessThan(most);
      const tenths = new Set(late.map((ms) => Math.floor((ms / most) * 10)));
      expect(tenths.size).toBe(10);
    },
  );

  it('is exactly a time of its cron expression, whoever it is', () => {
    for (const alias of names) {
      expect(due({ alias, cron: '0 6 * * *' }, NOON)).toBe('2026-05-02T06:00:00.000Z');
    }
  });

  it('is not planned without a schedule', () => expect(due({}, NOON)).toBeNull());
});

describe('when a source is due after a setback', () => {
  const NOON = new Date('2026-05-01T12:00:00Z');
  const after = (given: Given, setback: Partial<Setback>) =>
    dueAfterSetback(
      { ...NO_SCHEDULE, ...given },
      { kind: 'failed', failures: 1, blocked_until: undefined, ...setback },
      NOON,
    ).toISOString();
  /** Without the jitter, which comes on top. */
  const minutes = (given: Given, setback: Partial<Setback>) =>
    (Date.parse(after(given, setback)) - jitter(given) - NOON.getTime()) / 60_000;

  it('doubles from its schedule, or from five minutes, up to a day', () => {
    const of = (given: Given) =>
      [1, 2, 3, 9, 10, 5_000].map((failures) => minutes(given, { failures }));
    expect(of({})).toEqual([5, 10, 20, 1280, 1440, 1440]);
    expect(of({ every_seconds: 3600 })).toEqual([60, 120, 240, 1440, 1440, 1440]);
  });

  it.each(['incomplete', 'refused'] as const)('is an hour away at most when it is %s', (kind) =>
    expect([1, 4, 5, 100].map((failures) => minutes({}, { kind, failures }))).toEqual([
      5, 40, 60, 60,
    ]),
  );

  it('never hurries a schedule that is longer than that', () =>
    expect(minutes({ every_seconds: 172_800 }, { failures: 9 })).toBe(2880));

  it('stays a time of the cron expression, and a daily one stays daily', () => {
    expect(after({ cron: '*/10 * * * *' }, { failures: 1 })).toBe('2026-05-01T12:10:00.000Z');
    expect(after({ cron: '*/10 * * * *' }, { failures: 3 })).toBe('2026-05-01T12:20:00.000Z');
    expect(after({ cron: '0 6 * * *' }, { failures: 50 })).toBe('2026-05-02T06:00:00.000Z');
    expect(after({ cron: '30 11 * * *' }, { failures: 50 })).toBe('2026-05-02T11:30:00.000Z');
    expect(after({ cron: '0 * * * *' }, { failures: 50 })).toBe('2026-05-02T01:00:00.000Z');
  });

  it('is when the block ends, however often it failed, unless the schedule is later', () => {
    const blocked_until = '2026-05-01T13:30:00.000Z';
    expect(after({}, { failures: 20, blocked_until })).toBe(blocked_until);
    expect(after({ every_seconds: 60 }, { failures: 20, blocked_until })).toBe(blocked_until);
    expect(after({ every_seconds: 7200 }, { blocked_until })).toBe('2026-05-01T14:00:19.494Z');
  });
});
