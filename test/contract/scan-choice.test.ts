import { describe, expect, test } from '@jest/globals';
import { chooseScan, fullEverySeconds, type ScanHistory } from '../../src/contract/scan-choice.ts';

const SINCE = '2026-11-01T00:00:00.000Z';
const KNOWN: ScanHistory = {
  watermark: SINCE,
  certified: true,
  full_scan_records: 500,
  full_scan_age_seconds: 3600,
  full_every_seconds: null,
};
const DAY = 86_400;
const NOTHING_FOUND = { schema_changed: false, lacks_values: false };
const choose = (
  history: Partial<ScanHistory>,
  found?: Parameters<typeof chooseScan>[2],
  incremental = true,
) => chooseScan({ ...KNOWN, ...history }, { incremental }, found);

describe('a scan is', () => {
  test('of what was edited when a whole full scan came before', () => {
    expect(choose({})).toEqual({
      mode: 'incremental',
      since: SINCE,
      reason: `changes since ${SINCE}`,
    });
  });

  test.each([
    ['first sync', choose({ watermark: null })],
    ['asked for', choose({}, undefined, false)],
    ['the last full scan was not whole', choose({ certified: false })],
    ['the schema changed', choose({}, { schema_changed: true, lacks_values: false })],
    ['the table lacked columns or rows', choose({}, { schema_changed: true, lacks_values: true })],
    ['1 row is to be healed', choose({}, { ...NOTHING_FOUND, to_heal: 1 })],
    ['20 rows are to be healed', choose({}, { ...NOTHING_FOUND, to_heal: 20 }, false)],
    ['when the last full scan was is not known', choose({ full_scan_age_seconds: null })],
  ])('full, and says why: %s', (reason, choice) => {
    expect(choice).toEqual({ mode: 'full', since: null, reason });
  });
});

describe('a source that tells its version', () => {
  const listed = { ...NOTHING_FOUND, listed_whole: true };

  test('is read whole when it changed, and not at all when it did not, however long ago that was', () => {
    expect(choose({}, listed).reason).toBe('the platform lists it whole only');
    const unchanged = { ...listed, unchanged: true };
    const nothing = { mode: 'incremental', since: SINCE, reason: 'nothing changed' };
    expect(choose({}, unchanged)).toEqual(nothing);
    expect(choose({ full_scan_age_seconds: 30 * DAY }, unchanged)).toEqual(nothing);
  });

  test('is planned as what it is read as if it changed, for a plan does not ask', () => {
    expect(choose({}, { ...listed, perhaps_unchanged: true })).toEqual({
      mode: 'full',
      since: null,
      reason: 'if it changed; else nothing is read',
    });
    expect(choose({ certified: false }, { ...listed, perhaps_unchanged: true }).reason).toBe(
      'the platform lists it whole only',
    );
  });

  test('is read whole all the same when that is asked for, by command or by full_every', () => {
    const unchanged = { ...listed, unchanged: true };
    expect(choose({}, unchanged, false).mode).toBe('full');
    expect(choose({ certified: false }, unchanged).mode).toBe('full');
    const daily = { full_every_seconds: DAY, full_scan_age_seconds: DAY };
    expect(choose(daily, unchanged).mode).toBe('full');
    expect(choose({ ...daily, full_scan_age_seconds: 5 }, unchanged).mode).toBe('incremental');
  });
});

describe('a full scan comes by itself', () => {
  test('after a day for a small source, after a week for a large one', () => {
    expect(choose({ full_scan_age_seconds: DAY - 1 }).mode).toBe('incremental');
    expect(choose({ full_scan_age_seconds: DAY })).toMatchObject({
      mode: 'full',
      reason: 'the last full scan is 24 h old, wanted every 24 h',
    });
    const large = { full_scan_records: 10_001 };
    expect(choose({ ...large, full_scan_age_seconds: 7 * DAY - 1 }).mode).toBe('incremental');
    expect(choose({ ...large, full_scan_age_seconds: 7 * DAY }).mode).toBe('full');
  });

  test('as often as the source says', () => {
    const hourly = { full_every_seconds: 3600 };
    expect(fullEverySeconds({ ...KNOWN, ...hourly })).toBe(3600);
    expect(choose({ ...hourly, full_scan_age_seconds: 3599 }).mode).toBe('incremental');
    expect(choose({ ...hourly, full_scan_age_seconds: 7300 }).reason).toBe(
      'the last full scan is 2 h old, wanted every 60 min',
    );
  });
});
