import { describe, expect, test } from '@jest/globals';
import { openWindow, type ScanWindow } from '../../src/contract/scan.ts';
import { beginQuery, followCursor } from '../../src/platforms/cursor-circle.ts';

/** Follows the cursors, one batch a page, and says after how many pages a circle was noticed. */
function follow(cursors: (page: number) => string, pages: number): number | null {
  let window: ScanWindow = openWindow(0, { lower: null });
  for (let page = 1; page <= pages; page += 1) {
    const next = cursors(page);
    const progress = followCursor(window, { rows: 100, next });
    if (progress === null) return page;
    window = { ...window, ...progress, cursor: next };
  }
  return null;
}

describe('cursors that lead in a circle', () => {
  test.each([1, 2, 3, 5, 8, 13, 100])('of %i are noticed soon', (length) => {
    const noticed = follow((page) => `c${page <= 10 ? page : 11 + ((page - 11) % length)}`, 10_000);
    expect(noticed).not.toBeNull();
    expect(noticed).toBeLessThanOrEqual(3 * Math.max(length, 11) + 3);
  });

  test('are not seen in a long scan that has none', () => {
    expect(follow((page) => `c${page}`, 5000)).toBeNull();
  });

  test('of a former query say nothing of the one that begins now', () => {
    const window = {
      ...openWindow(0, { lower: null }),
      cursor: 'a',
      landmark: 'b',
      rows: 7,
      pages: 3,
    };
    const anew = beginQuery(window, '2026-01-01T00:00:00.000Z');
    expect(followCursor(anew, { rows: 1, next: 'b' })).toEqual({
      rows: 1,
      pages: 1,
      landmark: 'b',
    });
  });
});
