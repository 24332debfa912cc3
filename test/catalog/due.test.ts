import { describe, expect, it } from '@jest/globals';
import { checkCron, nextDueAt, parseDuration } from '../../src/catalog/due.ts';

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
