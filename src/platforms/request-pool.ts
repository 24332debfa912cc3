/** What `--pool-size` bounds: the requests of an account that are in flight, those that wait for a grant included. */
interface Pool {
  inFlight: number;
  readonly queue: { readonly size: number; readonly enter: () => void }[];
}

/** By account, over all activities of this process. */
const pools = new Map<string, Pool>();

/** By account. */
const countsSinceStart = new Map<string, { most: number; taken: number; waited: number }>();

/** How full the pool of each account is in this process. */
export const requestPools = () =>
  [...countsSinceStart].map(([account, counts]) => {
    const pool = pools.get(account);
    return {
      account,
      ...counts,
      busy: pool?.inFlight ?? 0,
      waiting: pool?.queue.length ?? 0,
    };
  });

function countEntry(account: string, most: number, hadToWait: boolean): void {
  const counts = countsSinceStart.get(account) ?? { most, taken: 0, waited: 0 };
  countsSinceStart.set(account, {
    most,
    taken: counts.taken + 1,
    waited: counts.waited + (hadToWait ? 1 : 0),
  });
}

/** Waits, first come first served, until fewer than `size` requests are in flight; returns how to leave. */
export async function enterPool(
  account: string,
  size: number,
  signal: AbortSignal,
): Promise<() => void> {
  signal.throwIfAborted();
  const pool = pools.get(account) ?? { inFlight: 0, queue: [] };
  pools.set(account, pool);
  const admit = () => {
    for (let [next] = pool.queue; next && pool.inFlight < next.size; [next] = pool.queue) {
      pool.queue.shift();
      pool.inFlight += 1;
      next.enter();
    }
    if (pool.inFlight === 0 && pool.queue.length === 0) pools.delete(account);
  };
  let hadToWait = false;
  await new Promise<void>((resolve, reject) => {
    const cancel = () => {
      pool.queue.splice(pool.queue.indexOf(place), 1);
      admit();
      reject(signal.reason as Error);
    };
    const place = {
      size,
      enter: () => {
        signal.removeEventListener('abort', cancel);
        resolve();
      },
    };
    signal.addEventListener('abort', cancel, { once: true });
    pool.queue.push(place);
    admit();
    hadToWait = pool.queue.includes(place);
  });
  countEntry(account, size, hadToWait);
  return () => {
    pool.inFlight -= 1;
    admit();
  };
}
