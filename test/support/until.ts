import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a condition, looking every 20 ms; throws after `seconds`. */
export async function until(
  condition: () => Promise<boolean> | boolean,
  seconds = 30,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > end)
      throw new Error(`still not so after ${seconds} s: ${condition.toString()}`);
    await sleep(20);
  }
}
