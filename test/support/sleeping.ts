import { execFileSync } from 'node:child_process';
import { processesOf } from './stack.ts';

/** Every process of a local stack, those included that Postgres and the worker started. */
function family(home: string): readonly number[] {
  const lines = execFileSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim();
  const parents = lines.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  const found = new Set(processesOf(home));
  for (const member of found) {
    for (const [pid = 0, parent] of parents) if (parent === member) found.add(pid);
  }
  return [...found];
}

/**
 * Puts a whole stack to sleep as a laptop's lid does: nothing of it runs until the returned function wakes it. Unlike
 * a real sleep, every clock goes on meanwhile, so whatever counts time finds more of it gone, not less.
 */
export function putToSleep(home: string): () => void {
  const sleeping = family(home);
  for (const pid of sleeping) process.kill(pid, 'SIGSTOP');
  return () => {
    for (const pid of sleeping) process.kill(pid, 'SIGCONT');
  };
}
