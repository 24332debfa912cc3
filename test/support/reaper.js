import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

// Has a pipe from the process that owns a directory of servers. The pipe ends when the owner does,
// however that happens (kill -9 included); then every process that was announced, or that has the
// directory in its command line, ends, and the directory goes.
const [directory] = process.argv.slice(2);
const announced = new Set();
for await (const line of createInterface({ input: process.stdin })) announced.add(Number(line));

function remaining() {
  const lines = execFileSync('ps', ['-axo', 'pid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [, pid, stat, args] = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || stat.startsWith('Z') || Number(pid) === process.pid) return [];
    return announced.has(Number(pid)) || args.includes(directory) ? [Number(pid)] : [];
  });
}

// SIGQUIT has Postgres shut down at once. Nothing here is to be kept.
for (let round = 0, pids = remaining(); pids.length > 0 && round < 100; pids = remaining()) {
  for (const pid of pids) {
    try {
      process.kill(pid, round++ < 50 ? 'SIGQUIT' : 'SIGKILL');
    } catch {
      // Ended by itself.
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
}
rmSync(directory, { recursive: true, force: true });
