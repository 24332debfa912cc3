/** Requests that have not left yet, by what they ask for, over all activities of this process. */
const waiting = new Map<string, Promise<unknown>>();

/**
 * Asks for something, or waits for the answer of somebody who is about to ask for the same. `ask` calls `leaves` when its
 * request leaves: whoever comes later needs another one, since what he asks for may have changed since. A failure is of
 * the one who asked, who may have been cancelled: the others ask again, one of them for all. Throws what `ask` throws, or
 * the reason of `signal`.
 */
export async function askTogether<T>(
  name: string,
  signal: AbortSignal,
  ask: (leaves: () => void) => Promise<T>,
): Promise<T> {
  for (let other = waiting.get(name); other !== undefined; other = waiting.get(name)) {
    const answered = await settled(other as Promise<T>, signal);
    if (answered !== null) return answered.answer;
  }
  signal.throwIfAborted();
  const leaves = () => {
    if (waiting.get(name) === asked) waiting.delete(name);
  };
  const asked = ask(leaves);
  waiting.set(name, asked);
  try {
    return await asked;
  } finally {
    leaves();
  }
}

/** What somebody else was answered, or null when that failed. Throws the reason of `signal` as soon as it is aborted. */
async function settled<T>(
  asked: Promise<T>,
  signal: AbortSignal,
): Promise<{ readonly answer: T } | null> {
  signal.throwIfAborted();
  let cancel = () => {};
  const cancelled = new Promise<never>((_, reject) => {
    cancel = () => reject(signal.reason as Error);
    signal.addEventListener('abort', cancel, { once: true });
  });
  try {
    return await Promise.race([
      asked.then(
        (answer) => ({ answer }),
        () => null,
      ),
      cancelled,
    ]);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
