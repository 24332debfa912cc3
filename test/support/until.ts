import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a condition, looking every 20 ms, and gives what it found; throws after `seconds`. */
export async function until<T>(
  condition: () => Promise<T | false | undefined> | T | false | undefined,
  seconds = 30,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const found = await condition();
    if (found !== false && found !== undefined) return found;
    if (performance.now() > end)
      throw new Error(`still not so after ${seconds} s: ${condition.toString()}`);
    await sleep(20);
  }
}
