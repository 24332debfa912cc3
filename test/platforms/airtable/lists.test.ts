import { afterEach, describe, expect, it } from '@jest/globals';
import { airtable } from '../../../src/platforms/airtable/airtable.ts';
import { startSimulator, type Simulator } from '../../../src/sim/simulator.ts';
import { columnsOf, connect, scan, unlimited } from './session.ts';

const BASES = { list: 'bases' };
const TABLES = { list: 'tables' };
let sim: Simulator | undefined;
afterEach(async () => {
  await sim?.close();
  sim = undefined;
});

/** Five bases of three tables each, two bases to a page. */
async function start() {
  sim = await startSimulator({
    world: {
      airtable: {
        bases: Array.from({ length: 5 }, (_, base) => ({
          name: `Base ${base}`,
          tables: [0, 1, 2].map((table) => ({
            title: `T${base}${table}`,
            records: 1,
            fields: 'few',
          })),
        })),
      },
    },
    airtable: { basesPerPage: 2, rateLimit: 0, tokenRateLimit: 0 },
  });
  const { requests, sent } = unlimited();
  return { sim, sent, session: connect(sim.airtableUrl, requests) };
}

const externalIds = () => sim?.world.sources().map(({ externalId }) => externalId) ?? [];

describe('bases and tables as sources', () => {
  it('are named by ref.list, which stands alone', () => {
    expect(airtable.parseRef(TABLES)).toEqual(TABLES);
    expect(airtable.externalId(BASES)).toBe('list/bases');
    expect(airtable.supportsIncremental?.(TABLES)).toBe(false);
    expect(airtable.supportsIncremental?.({ base: 'appA', table: 'tblA' })).toBe(true);
    expect(() => airtable.parseRef({ list: 'users' })).toThrow('ref.list');
    expect(() => airtable.parseRef({ list: 'bases', base: 'appA' })).toThrow('ref.base');
  });

  it('are listed over all pages', async () => {
    const { session } = await start();
    const bases = await scan(session, BASES, { columns: await columnsOf(session, BASES) });
    expect(bases.records.map(({ values }) => values)).toEqual(
      [0, 1, 2, 3, 4].map((n) => [`Base ${n}`, 'create']),
    );
    const tables = await scan(session, TABLES, { maxRecords: 100 });
    expect(tables.ids).toEqual(externalIds());
    expect(tables.evidence.gaps).toEqual([]);
  });

  it('go on at the base where a batch ended, each table once', async () => {
    const { session } = await start();
    const { ids, batches } = await scan(session, TABLES, { maxRecords: 1 });
    expect(ids).toEqual(externalIds());
    expect(batches).toHaveLength(5);
  });

  it('are asked for within the base’s budget', async () => {
    const { session, sent } = await start();
    await scan(session, TABLES);
    const bases = sent.filter((rules) => rules.length === 2).map(([rule]) => rule?.key);
    expect(new Set(bases).size).toBe(5);
  });

  it('begin anew when the base to go on with is gone from the list', async () => {
    const {
      sim: { world },
      session,
    } = await start();
    const [token = ''] = world.tokens().airtable;
    await expect(
      scan(session, TABLES, {
        maxRecords: 1,
        onBatch: () => world.setShared('T10', token, false),
      }),
    ).rejects.toMatchObject({ type: 'CursorLost' });
  });

  it('leave out a base that is gone, and tell of one that may not be looked into', async () => {
    const {
      sim: { faults },
      session,
    } = await start();
    faults.add(
      { path: /\/tables$/, nth: 1, effect: { kind: 'named', name: 'airtable forbidden' } },
      {
        path: /\/tables$/,
        nth: 2,
        effect: { kind: 'answer', status: 404, body: { error: 'NOT_FOUND' } },
      },
    );
    const { ids, evidence } = await scan(session, TABLES);
    expect(ids).toEqual(externalIds().slice(6));
    expect(evidence.gaps).toEqual([
      expect.stringMatching(/^the tables of base app\w+ may not be read$/),
    ]);
  });

  it('are refused with the scope that is missing', async () => {
    const {
      sim: { faults },
      session,
    } = await start();
    faults.add({ path: /\/meta\/bases$/, effect: { kind: 'named', name: 'airtable forbidden' } });
    await expect(session.describe(TABLES)).rejects.toMatchObject({
      type: 'Forbidden',
      hint: expect.stringContaining('schema.bases:read'),
    });
  });
});
