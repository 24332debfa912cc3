import { describe, expect, test } from '@jest/globals';
import { conformanceChecks } from '../../src/dev/conformance/conformance.ts';
import { stageOf } from '../../src/dev/conformance/stages.ts';
import type { Platform } from '../../src/platforms/platform.ts';

/** Every check is a test. Those that a platform gives no occasion for are named, so that none goes unmade unseen. */
export function testConformance(platform: Platform, withoutOccasion: readonly string[]): void {
  describe(`${platform.title} keeps the promises of a platform`, () => {
    const checks = conformanceChecks(platform, stageOf(platform));
    test.each(checks)('$name', async ({ name, run }) => {
      const { state } = await run();
      expect(state).toBe(withoutOccasion.includes(name) ? 'skipped' : 'ok');
    });
  });
}
