import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

// Started by the test servers' owner, with a pipe from it. The pipe ends when the owner does, however
// that happens (kill -9 included); then the servers end and their directory goes.
const [directory] = process.argv.slice(2);
const pids = [];
for await (const line of createInterface({ input: process.stdin })) pids.push(Number(line));

const isAlive = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const send = (signal) => {
  for (const pid of pids.filter(isAlive)) process.kill(pid, signal);
};
// For Postgres: shut down at once. Nothing here is kept.
send('SIGQUIT');
for (let i = 0; i < 100 && pids.some(isAlive); i++) {
  if (i === 50) send('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 20));
}
rmSync(directory, { recursive: true, force: true });
