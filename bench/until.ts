import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 20;
const GIVE_UP_MS = 120_000;

/** Waits until the look finds something; throws after two minutes, or when the signal aborts. */
export async function until<T>(
  look: () => Promise<T | null>,
  what: string,
  signal: AbortSignal,
): Promise<T> {
  const end = performance.now() + GIVE_UP_MS;
  while (performance.now() < end) {
    const found = await look();
    if (found !== null) return found;
    await sleep(LOOK_MS, undefined, { signal });
  }
  throw new Error(`waited two minutes in vain for ${what}`);
}
