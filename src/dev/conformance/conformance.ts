import type { ConformanceStage } from '../../platforms/conformance.ts';
import type { Platform } from '../../platforms/platform.ts';
import { ACCOUNT_CHECKS } from './account-checks.ts';
import { CAPABILITY_CHECKS } from './capability-checks.ts';
import { CHANGE_CHECKS } from './change-checks.ts';
import type { Check } from './check.ts';
import { FAILURE_CHECKS } from './failure-checks.ts';
import { Skipped } from './outcome.ts';
import { POSITION_CHECKS } from './position-checks.ts';
import { READING_CHECKS } from './reading-checks.ts';
import { RECORD_CHECKS } from './record-checks.ts';
import { SCHEMA_CHECKS } from './schema-checks.ts';
import { openSubject } from './subject.ts';

export { Nonconformance } from './outcome.ts';

/** Starts a stage: each check has one of its own. */
export type StartStage = () => Promise<ConformanceStage>;

export type ConformanceOutcome =
  | { readonly state: 'ok' }
  /** The stage, or the platform, does not offer what the check is about. */
  | { readonly state: 'skipped'; readonly reason: string };

export interface ConformanceCheck {
  /** What is promised, in a few words. */
  readonly name: string;
  /** Throws with what was expected and what was seen. */
  readonly run: () => Promise<ConformanceOutcome>;
}

const CHECKS: readonly Check[] = [
  ...ACCOUNT_CHECKS,
  ...READING_CHECKS,
  ...POSITION_CHECKS,
  ...CHANGE_CHECKS,
  ...SCHEMA_CHECKS,
  ...RECORD_CHECKS,
  ...CAPABILITY_CHECKS,
  ...FAILURE_CHECKS,
];

/**
 * What every platform promises, as checks for any test runner. With node:test:
 *
 * ```ts
 * import test from 'node:test';
 * import { conformanceChecks } from 'appsync/conformance';
 * import { KIT } from 'appsync/platform';
 * import plugin from './my-platform.js';
 *
 * for (const { name, run } of conformanceChecks(plugin(KIT))) {
 *   test(name, async (t) => {
 *     const outcome = await run();
 *     if (outcome.state === 'skipped') t.skip(outcome.reason);
 *   });
 * }
 * ```
 *
 * `startStage` is the platform's own `conformance` when it is not given. Checks may run in any order, one or many at a
 * time, as none shares a stage with another.
 */
export function conformanceChecks(
  platform: Platform,
  startStage: StartStage | undefined = platform.conformance,
): readonly ConformanceCheck[] {
  if (startStage === undefined) {
    throw new Error(`${platform.title} has no stage: give it conformance(), or give one here`);
  }
  return CHECKS.map(({ name, examine }) => ({
    name,
    run: () => onStage(platform, startStage, examine),
  }));
}

async function onStage(
  platform: Platform,
  startStage: StartStage,
  examine: Check['examine'],
): Promise<ConformanceOutcome> {
  const stage = await startStage();
  try {
    await examine(await openSubject(platform, stage));
    return { state: 'ok' };
  } catch (thrown) {
    if (thrown instanceof Skipped) return { state: 'skipped', reason: thrown.message };
    throw thrown;
  } finally {
    await stage.close?.();
  }
}
