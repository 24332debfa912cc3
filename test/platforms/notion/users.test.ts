import { afterEach, describe, expect, it } from '@jest/globals';
import type { Column } from '../../../src/contract/schema.ts';
import { createEntryConverter } from '../../../src/platforms/listing.ts';
import { notion } from '../../../src/platforms/notion/notion.ts';
import { USERS } from '../../../src/platforms/notion/users.ts';
import { NOTION_TOKEN, startSimulator, type Simulator } from '../../../src/sim/simulator.ts';
import { connect, scan } from './session.ts';
import { person } from './samples.ts';

const USERS_REF = { list: 'users' };
let sim: Simulator | undefined;
afterEach(async () => {
  await sim?.close();
  sim = undefined;
});

async function start(users?: 'none' | 'names') {
  sim = await startSimulator({
    world: {
      notion: {
        databases: [],
        tokens: [{ token: NOTION_TOKEN, ...(users === undefined ? {} : { users }) }],
      },
    },
    notion: { rateLimit: 0 },
  });
  return { sim, session: connect(sim.notionUrl, NOTION_TOKEN) };
}

const columns = (): readonly Column[] =>
  USERS.fields.map(({ id, column_type }) => ({
    id,
    name: id,
    type: 'text',
    column_type,
    column: id,
  }));

describe('the list of users as a source', () => {
  it('is { list: users }, and nothing else stands beside it', () => {
    const ref = notion.parseRef(USERS_REF);
    expect(ref).toEqual(USERS_REF);
    expect(notion.externalId(ref)).toBe('list/users');
    expect(notion.supportsIncremental?.(ref)).toBe(false);
    expect(notion.contentFormats?.(ref)).toEqual([]);
    expect(() => notion.parseRef({ list: 'bases' })).toThrow('ref.list must be users');
    expect(() => notion.parseRef({ list: 'users', data_source: 'x' })).toThrow('ref.data_source');
  });

  it('is read to its end in pages of the batch’s size, each user once', async () => {
    const {
      sim: { world, log },
      session,
    } = await start();
    const { ids, batches, done } = await scan(session, USERS_REF, { maxRecords: 20 });
    expect([...ids]).toEqual(expect.arrayContaining([...world.userIds()]));
    expect(ids.size).toBe(world.userIds().length + 1);
    expect(batches.map(({ records }) => records.length)).toEqual([20, 20, 2]);
    expect(done).toHaveLength(1);
    expect(log.count()).toBe(3);
  });

  it('begins anew when its cursor is lost, and does not go round in circles', async () => {
    const {
      sim: { faults },
      session,
    } = await start();
    faults.add({ nth: 2, effect: { kind: 'named', name: 'notion invalid cursor' } });
    await expect(scan(session, USERS_REF, { maxRecords: 20 })).rejects.toMatchObject({
      type: 'CursorLost',
    });
    await expect(
      scan(session, USERS_REF, {
        maxRecords: 20,
        onBatch: ({ windows }) => {
          const cursor = windows[0]?.cursor ?? '';
          faults.add({
            effect: {
              kind: 'answer',
              status: 200,
              body: { object: 'list', results: [], has_more: true, next_cursor: cursor },
            },
          });
        },
      }),
    ).rejects.toMatchObject({ type: 'CursorLost' });
  });

  it('has no e-mail addresses for a token that may not see them', async () => {
    const { session } = await start('names');
    const { batches } = await scan(session, USERS_REF, { columns: columns() });
    const emails = batches.flatMap(({ records }) => records.map(({ values }) => values[2]));
    expect(new Set(emails)).toEqual(new Set([null]));
  });

  it('is refused with the capability that is missing', async () => {
    const { session } = await start('none');
    await expect(session.describe(USERS_REF)).rejects.toMatchObject({
      type: 'Forbidden',
      hint: expect.stringContaining('user information'),
    });
  });

  it('does not count another picture as a change', () => {
    const convert = createEntryConverter(USERS, columns());
    const user = person('u1');
    const before = convert(user);
    expect(convert({ ...user, avatar_url: 'https://example.com/other.png' }).hash).toBe(
      before.hash,
    );
    expect(convert({ ...user, name: 'Bela' }).hash).not.toBe(before.hash);
    expect(before.values).toEqual(['Ada', 'person', 'ada@example.com', null]);
  });
});
