import { describe, expect, it } from '@jest/globals';
import { openedProblem, openWindow } from '../../src/contract/scan.ts';

const windows = (...numbers: readonly number[]) =>
  numbers.map((number) => openWindow(number, { lower: null }));

describe('the windows that a batch leaves', () => {
  it('are its own and twenty that were kept free for it', () => {
    expect(openedProblem(2, 7, windows(2, 7, 26))).toBeNull();
    expect(openedProblem(2, 7, windows(2))).toBeNull();
  });

  it('are refused when another batch could open the same', () => {
    expect(openedProblem(2, 7, windows(2, 27))).toContain('window 27');
    expect(openedProblem(2, 7, windows(2, 3))).toContain('window 3');
  });
});
