import { describe, expect, it } from '@jest/globals';
import { collectAllDataSourceRows } from '@notionhq/client';
import { simpleWorld } from '../../src/sim/simulator.ts';
import type { Simulator } from '../../src/sim/simulator.ts';
import { failure, notionClient, withSimulator } from './clients.ts';

const WORLD = simpleWorld({ notion: { Tasks: 300 } });
const BY_EDIT = [{ timestamp: 'last_edited_time', direction: 'ascending' }] as const;
const BY_EDIT_DOWN = [{ timestamp: 'last_edited_time', direction: 'descending' }] as const;

interface Page {
  readonly ids: readonly string[];
  readonly next: string | null;
  readonly incomplete: boolean;
}

function scanner(simulator: Simulator, sorts: object | null = BY_EDIT) {
  const client = notionClient(simulator);
  const id = simulator.world.source('Tasks').externalId;
  return async (cursor: string | null = null): Promise<Page> => {
    const page = await client.request<{
      results: { id: string }[];
      next_cursor: string | null;
      has_more: boolean;
      request_status?: { type: string };
    }>({
      path: `data_sources/${id}/query`,
      method: 'post',
      body: {
        ...(sorts === null ? {} : { sorts }),
        ...(cursor === null ? {} : { start_cursor: cursor }),
      },
    });
    return {
      ids: page.results.map((row) => row.id),
      next: page.next_cursor,
      incomplete: page.request_status?.type === 'incomplete',
    };
  };
}

async function rest(scan: (cursor: string | null) => Promise<Page>, cursor: string | null) {
  const ids: string[] = [];
  for (let next = cursor; next !== null;) {
    const page = await scan(next);
    ids.push(...page.ids);
    next = page.next;
  }
  return ids;
}

describe('a Notion scan during which something happens', () => {
  it('sees a row twice that is edited behind an ascending cursor', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      const scan = scanner(simulator);
      const first = await scan();
      simulator.world.editRecord('Tasks', first.ids[0] ?? '');
      const later = await rest(scan, first.next);
      expect(later.at(-1)).toBe(first.ids[0]);
      expect(later).toHaveLength(201);
    }));

  it('misses a row that is edited ahead of a descending cursor', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      const scan = scanner(simulator, BY_EDIT_DOWN);
      const first = await scan();
      const seen = new Set(first.ids);
      const ahead = simulator.world.ids('Tasks').find((id) => !seen.has(id)) ?? '';
      simulator.world.editRecord('Tasks', ahead);
      expect(await rest(scan, first.next)).not.toContain(ahead);
    }));

  it('keeps its order when scans are frozen', () =>
    withSimulator({ world: WORLD, notion: { view: 'frozen' } }, async (simulator) => {
      const scan = scanner(simulator);
      const first = await scan();
      simulator.world.editRecord('Tasks', first.ids[0] ?? '');
      const ids = [...first.ids, ...(await rest(scan, first.next))];
      expect(new Set(ids).size).toBe(300);
      expect(ids).toHaveLength(300);
    }));

  it('goes on after the row that its cursor names when that is deleted, or refuses the cursor', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      const scan = scanner(simulator);
      const { next } = await scan();
      const named = next?.split(':')[2] ?? '';
      simulator.world.deleteRecord('Tasks', named);
      const ids = await rest(scan, next);
      expect(ids).toHaveLength(199);
      expect(ids).not.toContain(named);
      simulator.knobs.notion.cursorRowGone = 'refuse';
      expect(await failure(scan(next))).toMatchObject({ code: 'validation_error' });
    }));

  it('loses its cursor when idle, on restart, and for another query', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      const scan = scanner(simulator);
      const { next } = await scan();
      expect(await failure(scanner(simulator, BY_EDIT_DOWN)(next))).toMatchObject({ status: 400 });
      expect((await scan(next)).ids).toHaveLength(100);
      simulator.clock.advance(46_000);
      expect(await failure(scan(next))).toMatchObject({
        status: 400,
        message: expect.stringContaining('start_cursor'),
      });
      const again = await scan();
      simulator.expireCursors();
      expect(await failure(scan(again.next))).toMatchObject({ status: 400 });
    }));

  it('gives the same page for the same cursor, so that a request can be repeated', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      const scan = scanner(simulator);
      const { next } = await scan();
      expect(await scan(next)).toEqual(await scan(next));
    }));

  it('may get short and empty pages while there are more rows', () =>
    withSimulator({ world: WORLD, notion: { shortPages: 0.7 } }, async (simulator) => {
      const scan = scanner(simulator);
      const first = await scan();
      const ids = [...first.ids, ...(await rest(scan, first.next))];
      expect(new Set(ids).size).toBe(300);
      expect(simulator.log.count()).toBeGreaterThan(3);
    }));

  it('ends as incomplete at the row limit of a query, and the client finds the rest by windows', () =>
    withSimulator({ world: WORLD, notion: { queryCap: 120 } }, async (simulator) => {
      const scan = scanner(simulator, null);
      const first = await scan();
      const second = await scan(first.next);
      expect([first.incomplete, second.ids.length, second.next, second.incomplete]).toEqual([
        false,
        20,
        null,
        true,
      ]);
      const rows = await collectAllDataSourceRows(notionClient(simulator), {
        data_source_id: simulator.world.source('Tasks').externalId,
      });
      expect(rows.map(({ id }) => id)).toEqual(simulator.world.ids('Tasks'));
    }));

  it('cannot get past one minute that holds more rows than the limit', () =>
    withSimulator(
      {
        world: {
          notion: {
            databases: [
              { title: 'Tasks', sources: [{ title: 'Tasks', records: 200, sameMinute: 150 }] },
            ],
          },
        },
        notion: { queryCap: 100 },
      },
      async (simulator) => {
        const all = collectAllDataSourceRows(notionClient(simulator), {
          data_source_id: simulator.world.source('Tasks').externalId,
        });
        expect(await failure(all)).toMatchObject({
          message: expect.stringContaining('cannot make progress'),
        });
      },
    ));

  it('shows edits late when the index lags', () =>
    withSimulator({ world: WORLD, notion: { indexLagMs: 30_000 } }, async (simulator) => {
      const scan = scanner(simulator, null);
      const [made = ''] = simulator.world.createRecords('Tasks', 1);
      expect((await scan()).ids).not.toContain(made);
      simulator.clock.advance(31_000);
      expect((await scan()).ids[0]).toBe(made);
    }));
});
