import { reasonOf } from '../errors.ts';
import { isOurs } from './processes.ts';
import { sleep } from './wait.ts';

const ADOPTED_POLL_MS = 250;
/** A process that lived this long did start: the next delay is the first one again. */
const STEADY_MS = 10_000;

/** A process that was started here, or one that an earlier supervisor left. */
export interface KeptProcess {
  readonly pid: number;
  /** Set when it was started here; the end of an adopted one is seen by looking. */
  readonly ended?: Promise<void>;
}

export interface KeptPart<P extends KeptProcess> {
  readonly name: string;
  readonly mark: string;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  readonly start: () => Promise<P>;
  readonly onStart: (running: P) => void;
  readonly onEnd: () => void;
  readonly isStopping: () => boolean;
  readonly log: (line: string) => void;
}

/** Starts a process again whenever it ends, with growing delays, until the stack stops. */
export async function keepRunning<P extends KeptProcess>(
  part: KeptPart<P>,
  first: P,
): Promise<void> {
  let running = first;
  let delay = part.firstDelayMs;
  for (;;) {
    const since = Date.now();
    await (running.ended ?? endOf(running.pid, part.mark));
    if (part.isStopping()) return;
    part.log(`${part.name} (pid ${running.pid}) ended`);
    part.onEnd();
    if (Date.now() - since > STEADY_MS) delay = part.firstDelayMs;
    const next = await startAgain(part, delay);
    if (next === null) return;
    running = next;
    delay = Math.min(delay * 2, part.maxDelayMs);
  }
}

async function startAgain<P extends KeptProcess>(
  part: KeptPart<P>,
  firstDelay: number,
): Promise<P | null> {
  for (let delay = firstDelay; ; delay = Math.min(delay * 2, part.maxDelayMs)) {
    await sleep(delay);
    if (part.isStopping()) return null;
    try {
      const running = await part.start();
      if (part.isStopping()) return null;
      part.log(`${part.name} started again, pid ${running.pid}`);
      part.onStart(running);
      return running;
    } catch (error) {
      part.log(`${part.name} did not start: ${reasonOf(error)}`);
    }
  }
}

async function endOf(pid: number, mark: string): Promise<void> {
  while (isOurs(pid, mark)) await sleep(ADOPTED_POLL_MS);
}
