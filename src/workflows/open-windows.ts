import type { StagedBatch } from '../contract/activities.ts';
import { firstFree, type ScanWindow } from '../contract/scan.ts';
import type { ScanState } from '../contract/workflows.ts';

/** The lowest number that no window has or had. */
export const freeWindow = (
  state: Pick<ScanState, 'free_window'>,
  staged: readonly Pick<StagedBatch, 'windows'>[],
): number => Math.max(state.free_window, firstFree(staged.flatMap(({ windows }) => windows)));

export const openWindows = (windows: readonly ScanWindow[]) =>
  windows.filter((window) => !window.done);

/** The windows left once `next` have taken the place of those with their numbers, the first ones first. */
export function replaceWindows(
  windows: readonly ScanWindow[],
  next: readonly ScanWindow[],
): ScanWindow[] {
  const numbers = new Set(next.map((window) => window.window));
  return openWindows([
    ...next,
    ...windows.filter((window) => !numbers.has(window.window)),
  ]).toSorted((a, b) => a.window - b.window);
}
