import { describe, expect, it, test } from '@jest/globals';
import { conformanceChecks } from '../../src/dev/conformance/conformance.ts';
import { KIT } from '../../src/platforms/plugin.ts';
import { testConformance } from './conformance.ts';
import { CHANGE_FLAWS } from './change-flaws.ts';
import { FAILURE_FLAWS } from './failure-flaws.ts';
import { READING_FLAWS } from './reading-flaws.ts';
import { RECORD_FLAWS } from './record-flaws.ts';
import { createLedger } from './ledger.ts';

const FLAWS = [...READING_FLAWS, ...CHANGE_FLAWS, ...RECORD_FLAWS, ...FAILURE_FLAWS];
const checks = conformanceChecks(createLedger(KIT));

testConformance(createLedger(KIT), []);

describe('a platform with one mistake in it is found out', () => {
  test.each(FLAWS)('$name', async ({ check: name, says, breaks }) => {
    const check = conformanceChecks(breaks(createLedger(KIT))).find((one) => one.name === name);
    await expect(check?.run()).rejects.toThrow(says);
  });

  it('by every check there is', () => {
    const trying = new Set(FLAWS.map(({ check }) => check));
    expect(checks.map(({ name }) => name).filter((name) => !trying.has(name))).toEqual([]);
  });
});
