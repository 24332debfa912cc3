import { EXIT } from '../../errors.ts';
import type { Findings } from './finding.ts';

const SKEW_MS = 30_000;
/** Every systemd machine has it; others call it otherwise. */
const FIX = 'timedatectl set-ntp true';

/** Judges how far another clock is ahead of ours. */
export function checkClock(whose: string, aheadMs: number, findings: Findings): void {
  const seconds = Math.abs(aheadMs / 1000).toFixed(1);
  const direction = aheadMs > 0 ? 'ahead of' : 'behind';
  if (Math.abs(aheadMs) <= SKEW_MS) findings.ok(`the clock of ${whose} agrees within ${seconds} s`);
  else {
    findings.fail(
      EXIT.credentials,
      `the clock of ${whose} is ${seconds} s ${direction} this machine's`,
      FIX,
    );
  }
}
