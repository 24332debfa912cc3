import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  NOTION_TOKEN,
  simpleWorld,
  startSimulator,
  type Simulator,
} from '../../../src/sim/simulator.ts';
import { connect } from './session.ts';

let sim: Simulator;
beforeEach(async () => {
  sim = await startSimulator({
    world: simpleWorld({ notion: { Notes: 2 } }),
    notion: { rateLimit: 0 },
  });
});
afterEach(() => sim.close());

const id = () => sim.world.ids('Notes')[0] as string;
const read = () => connect(sim.notionUrl, NOTION_TOKEN).readContent?.({}, id());

describe('the body of a page', () => {
  it('is Notion’s markdown, with the time at which Notion gave it', async () => {
    sim.world.editBody('Notes', id(), '# Title\n\n- item\n');
    const before = Math.floor(sim.clock.now() / 1000) * 1000;
    const content = await read();
    expect(content).toMatchObject({ text: '# Title\n\n- item\n', note: null });
    expect(Date.parse(content?.read_at ?? '')).toBeGreaterThanOrEqual(before);
    expect(sim.log.writes()).toEqual([]);
  });

  it('may be empty', async () => {
    sim.world.editBody('Notes', id(), '');
    expect(await read()).toMatchObject({ text: '', note: null });
  });

  it('is one that Postgres can store, with links that do not change by themselves', async () => {
    const hosted = 'https://prod-files-secure.s3.us-west-2.amazonaws.com/a/b/c.png';
    const other = 'https://example.com/?q=X-Amz';
    sim.world.editBody('Notes', id(), `a\u0000b\ud83d ![c](${hosted}) [o](${other})`);
    const [first, second] = [await read(), await read()];
    expect(first?.text).toBe(`a\ufffdb\ufffd ![c](${hosted}) [o](${other})`);
    expect(second?.text).toBe(first?.text);
  });

  it('says that it was cut and what is missing, by number', async () => {
    sim.world.editBody('Notes', id(), 'x', { truncated: true, unknownBlocks: ['secret-id'] });
    const note = (await read())?.note;
    expect(note).toContain('cut it short');
    expect(note).toContain('1 blocks are missing');
    expect(note).not.toContain('secret-id');
  });

  it('of a page in the trash, or gone, is refused as that page’s own matter', async () => {
    const page = id();
    const session = connect(sim.notionUrl, NOTION_TOKEN);
    sim.world.deleteRecord('Notes', page);
    await expect(session.readContent?.({}, page)).rejects.toMatchObject({ type: 'BadRequest' });
    sim.world.purgeRecord('Notes', page);
    await expect(session.readContent?.({}, page)).rejects.toMatchObject({ type: 'NotFound' });
  });
});
