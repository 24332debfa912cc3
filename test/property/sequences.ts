import { afterAll, describe, it } from '@jest/globals';
import fc from 'fast-check';
import type { Platform } from '../../src/sim/exchange.ts';
import { sequences, type Command } from './commands.ts';
import { Player } from './player.ts';

/** Over both platforms. `npm run test:long` plays 1,000. */
const SEQUENCES = Number(process.env['APPSYNC_SEQUENCES'] ?? 50);
/** The seed of a failure, to see it again; another one every time otherwise. */
const SEED = process.env['APPSYNC_SEED'];

/** A sequence, and whether the sync that must find nothing to do at its end is a full one. */
export type Recorded = [readonly Command[], boolean];

/** Plays random sequences on one platform, after those that once showed a mistake. */
export function testSequences(platform: Platform, recorded: readonly Recorded[]): void {
  const runs = Math.ceil(SEQUENCES / 2);
  const player = new Player(platform);
  afterAll(() => player.close());

  describe(`any sequence of edits, troubles and syncs of ${platform}`, () => {
    it(
      'never loses a record, never says complete unless it is, and ends with the truth',
      async () => {
        const property = fc.asyncProperty(sequences, fc.boolean(), (commands, lastIsFull) =>
          player.play(commands, lastIsFull),
        );
        await fc.assert(property, {
          numRuns: runs,
          examples: recorded.map(([commands, lastIsFull]) => [commands, lastIsFull]),
          ...(SEED === undefined ? {} : { seed: Number(SEED) }),
          // To shrink a failure may take long; the smallest sequence found until then is shown.
          interruptAfterTimeLimit: 60_000 + runs * 15_000,
          markInterruptAsFailure: true,
        });
      },
      120_000 + runs * 25_000,
    );
  });
}
