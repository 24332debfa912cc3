/** The simulator as a process of its own: `node dist/sim/main.js --port 0 --seed 1`. */
import { runSimulator } from './run-simulator.ts';

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
// Whoever started it with a channel takes it along when it ends.
process.once('disconnect', () => stop.abort());

process.exitCode = await runSimulator(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  stop: stop.signal,
});
