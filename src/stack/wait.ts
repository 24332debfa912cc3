const POLL_MS = 15;

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Asks until the answer is true or the time is over; tells which. */
export async function waitUntil(
  answer: () => boolean | Promise<boolean>,
  timeoutMs: number,
): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  while (!(await answer())) {
    if (Date.now() >= end) return false;
    await sleep(POLL_MS);
  }
  return true;
}
