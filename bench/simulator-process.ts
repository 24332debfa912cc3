/** The simulator in a process of its own, with any world: what to serve comes over the channel. */
import { startSimulator, type SimulatorOptions } from '../src/sim/simulator.ts';

// Whoever started it takes it along when it ends, however that happens.
process.once('disconnect', () => process.exit());
// A Ctrl-C goes to the whole group; the bench still has to ask what was asked.
process.on('SIGINT', () => {});

process.once('message', (options: SimulatorOptions) => {
  void startSimulator(options).then(({ notionUrl }) => process.send?.({ url: notionUrl }));
});
