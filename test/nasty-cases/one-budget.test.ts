import { describe, expect, it } from '@jest/globals';
import { startInstallation } from '../support/installation.ts';

describe('Notion with 180 requests a minute for everybody', () => {
  it('lets three workers through within them, and Airtable does not wait for it', async () => {
    const sources = Array.from({ length: 8 }, (_, i) => `Source ${i}`);
    const busy = await startInstallation({
      worker: 'spawned',
      limits: true,
      world: {
        notion: {
          databases: [
            {
              title: 'Busy',
              sources: sources.map((title) => ({ title, records: 40, properties: 'few' as const })),
            },
          ],
        },
        airtable: {
          bases: [{ name: 'Idle', tables: [{ title: 'Aside', records: 20, fields: 'few' }] }],
        },
      },
      notion: { rateLimit: 180 },
    });
    try {
      for (let workers = 0; workers < 3; workers += 1) busy.spawnWorker();
      const summary = await busy.sync({ kind: 'all' }, { max_concurrent: 8, batch_size: 10 });
      expect(summary).toMatchObject({ status: 'complete', totals: { read: 340, rate_limited: 0 } });
      const { log } = busy.simulator;
      expect(log.count({ status: 429 })).toBe(0);
      // The schema before and after, and four pages.
      expect(log.count({ platform: 'notion' })).toBe(8 * 6);
      // Ten seconds' worth at once, then three a second.
      expect(log.maxInWindow(1_000, { platform: 'notion' })).toBeLessThanOrEqual(30 + 3 + 1);
      const last = (platform: 'notion' | 'airtable') =>
        Math.max(...log.requests({ platform }).map(({ arrived }) => arrived));
      expect(last('airtable')).toBeLessThan(last('notion'));
    } finally {
      await busy.close();
    }
  });
});
