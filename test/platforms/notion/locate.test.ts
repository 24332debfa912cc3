import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  NO_LIMITS,
  NOTION_TOKEN,
  simpleWorld,
  startSimulator,
  type Simulator,
} from '../../../src/sim/simulator.ts';
import { connect } from './session.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ world: simpleWorld({ notion: { Tasks: 5 } }), ...NO_LIMITS });
});
afterAll(() => simulator.close());

describe('a page that is asked for by an id', () => {
  it('is not asked for when no page can have it: Notion would refuse the request, and the source would end', async () => {
    const session = connect(simulator.notionUrl, NOTION_TOKEN);
    const ref = { data_source: simulator.world.source('Tasks').externalId };
    const absurd = await session.locate?.(ref, ['made by hand'], []);
    expect(absurd?.get('made by hand')).toEqual({ state: 'unreachable' });
    expect(simulator.log.requests({})).toEqual([]);
    const [id = ''] = simulator.world.ids('Tasks');
    const found = await session.locate?.(ref, [id, 'made by hand'], []);
    expect(found?.get(id)).toMatchObject({ state: 'present', record: { id } });
    expect(found?.get('made by hand')).toEqual({ state: 'unreachable' });
  });
});
