import { describe, expect, it } from '@jest/globals';
import { parseFormula } from '../../src/sim/airtable/formula.ts';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { failure, listAllRecords, listRecords, withSimulator } from './clients.ts';

const WORLD = simpleWorld({ airtable: { Contacts: 120 } });

/** The form that is safe under blank and coarse times. */
const since = (time: string) =>
  `OR(NOT(IS_BEFORE(LAST_MODIFIED_TIME(), DATETIME_PARSE("${time}"))), AND(NOT(LAST_MODIFIED_TIME()), NOT(IS_BEFORE(CREATED_TIME(), DATETIME_PARSE("${time}")))))`;

describe('filterByFormula', () => {
  it('finds what was edited or made since a time, also records that were never modified', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      const { world, clock } = simulator;
      const source = world.source('Contacts').externalId;
      clock.advance(60_000);
      const start = new Date(clock.now()).toISOString();
      const [made = ''] = world.createRecords('Contacts', 1);
      const edited = world.editSome('Contacts', 3).filter((id) => id !== made);
      const found = await listAllRecords(simulator, source, { filterByFormula: since(start) });
      expect(found.map(({ id }) => id).sort()).toEqual([...edited, made].sort());
      simulator.knobs.airtable.blankTimes = 'never before';
      const superset = await listAllRecords(simulator, source, { filterByFormula: since(start) });
      expect(superset.map(({ id }) => id)).toEqual(expect.arrayContaining([...edited, made]));
      expect(superset.length).toBeGreaterThan(found.length);
    }));

  it('compares fields by name or id, and record ids', () =>
    withSimulator({ world: WORLD }, async (simulator) => {
      const source = simulator.world.source('Contacts').externalId;
      const [id = '', other = ''] = simulator.world.ids('Contacts');
      simulator.world.editRecord('Contacts', id, { Name: "it's" });
      const ids = async (filterByFormula: string) =>
        (await listRecords(simulator, source, { filterByFormula })).records.map(
          (record) => record.id,
        );
      expect(await ids(`{Name}='it\\'s'`)).toEqual([id]);
      expect(await ids(`OR(RECORD_ID()='${id}', RECORD_ID()="${other}")`)).toEqual([id, other]);
      expect(await ids(`AND({Autonumber}>=119, NOT({Autonumber}=120))`)).toHaveLength(1);
    }));

  it('shows an edit late when listings lag', () =>
    withSimulator({ world: WORLD, airtable: { listLagMs: 10_000 } }, async (simulator) => {
      const { world, clock } = simulator;
      const source = world.source('Contacts').externalId;
      const start = new Date(clock.now() - 1000).toISOString();
      const edited = world.editSome('Contacts', 2);
      const found = () => listAllRecords(simulator, source, { filterByFormula: since(start) });
      expect(await found()).toEqual([]);
      clock.advance(11_000);
      expect((await found()).map(({ id }) => id).sort()).toEqual([...edited].sort());
    }));

  it.each(['AND(', 'SUM({Name})', '{Name', "'open", '{Name}==1', 'TRUE() TRUE()', '{Nothing}=1'])(
    'refuses what it does not understand: %s',
    (filterByFormula) =>
      withSimulator({ world: WORLD }, async (simulator) => {
        const source = simulator.world.source('Contacts').externalId;
        expect(await failure(listRecords(simulator, source, { filterByFormula }))).toMatchObject({
          statusCode: 422,
          error: 'INVALID_FILTER_BY_FORMULA',
        });
      }),
  );

  it('parses nested calls, comparisons and parentheses', () => {
    expect(parseFormula('NOT((1 < {a b}))')).toEqual({
      kind: 'call',
      name: 'NOT',
      args: [
        {
          kind: 'comparison',
          operator: '<',
          left: { kind: 'literal', value: 1 },
          right: { kind: 'field', name: 'a b' },
        },
      ],
    });
  });
});
