import { describe, expect, it } from '@jest/globals';
import {
  checkCron,
  dueAfterSetback,
  nextDueAt,
  parseDuration,
  type Setback,
} from '../../src/catalog/due.ts';

const due = (schedule: { every_seconds?: number; cron?: string }, from: string) =>
  nextDueAt({ every_seconds: null, cron: null, ...schedule }, new Date(from))?.toISOString() ??
  null;

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

describe('when a source is due next', () => {
  it('is never planned without a schedule, so that it is due on every run', () =>
    expect(due({}, '2026-01-01T00:00:00Z')).toBeNull());

  it('is that long after the last sync', () =>
    expect(due({ every_seconds: 5400 }, '2026-03-29T00:30:00Z')).toBe('2026-03-29T02:00:00.000Z'));

  it('is the next time of a cron expression, in UTC, and never the moment itself', () => {
    expect(due({ cron: '0 6 * * *' }, '2026-01-01T05:59:59.999Z')).toBe('2026-01-01T06:00:00.000Z');
    expect(due({ cron: '0 6 * * *' }, '2026-01-01T06:00:00Z')).toBe('2026-01-02T06:00:00.000Z');
    expect(due({ cron: '@daily' }, '2026-01-01T06:00:00Z')).toBe('2026-01-02T00:00:00.000Z');
  });

  it('keeps the local hour over a change of clocks when a zone is named', () => {
    const cron = 'CRON_TZ=Europe/Berlin 0 6 * * *';
    expect(due({ cron }, '2026-03-28T12:00:00Z')).toBe('2026-03-29T04:00:00.000Z');
    expect(due({ cron }, '2026-03-27T12:00:00Z')).toBe('2026-03-28T05:00:00.000Z');
  });

  it('comes right after the gap when clocks skip the time, and once when they repeat it', () => {
    const cron = 'CRON_TZ=Europe/Berlin 30 2 * * *';
    expect(due({ cron }, '2026-03-28T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z');
    expect(due({ cron }, '2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z');
    expect(due({ cron }, '2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00.000Z');
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

describe('when a source is due after a setback', () => {
  const NOON = new Date('2026-05-01T12:00:00Z');
  const after = (schedule: { every_seconds?: number; cron?: string }, setback: Partial<Setback>) =>
    dueAfterSetback(
      { every_seconds: null, cron: null, ...schedule },
      { kind: 'failed', failures: 1, blocked_until: undefined, ...setback },
      NOON,
    ).toISOString();
  const minutes = (schedule: { every_seconds?: number }, setback: Partial<Setback>) =>
    (Date.parse(after(schedule, setback)) - NOON.getTime()) / 60_000;

  it('doubles from its schedule, or from five minutes, up to a day', () => {
    const of = (schedule: { every_seconds?: number }) =>
      [1, 2, 3, 9, 10, 5_000].map((failures) => minutes(schedule, { failures }));
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
    expect(after({ every_seconds: 7200 }, { blocked_until })).toBe('2026-05-01T14:00:00.000Z');
  });
});
