import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { applyCatalog } from '../../src/catalog/apply.ts';
import { findSources } from '../../src/catalog/source-query.ts';
import { resolveFilters, resolveTarget } from '../../src/catalog/targets.ts';
import type { Filters } from '../../src/contract/target.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { ACCOUNTS, parse, RULES } from './catalog-files.ts';

const DATA_SOURCE = '0a1b2c3d-0000-4000-8000-00000000abcd';
const FILE = `${ACCOUNTS}applications:
  - { slug: skyflow, name: Sky Flow }
  - { slug: both, name: Both }
  - { slug: twin-1, name: Twin }
  - { slug: twin-2, name: TWIN }
  - { slug: case, name: It's }
vaults: [{ id: v1, name: main }]
users: [{ id: u1, username: ops }, { id: u2, username: Ops }]
sources:
  - { alias: skyflow-tasks, account: notion, ref: { data_source: ${DATA_SOURCE} }, app: skyflow, component: artefact, vault: main, user: ops }
  - { alias: both, account: notion, ref: { data_source: d2 }, component: Artefact }
  - { alias: orders, account: airtable, ref: { base: appX, table: tblY }, component: task }
`;

const database = createTestDatabase();
beforeAll(async () => {
  await applyCatalog((await database).pool, parse(FILE));
});
afterAll(async () => (await database).drop());

const target = async (word: string) => resolveTarget((await database).pool, word, RULES.platforms);
const filters = async (given: Filters) =>
  resolveFilters((await database).pool, given, RULES.platforms);

describe('a target', () => {
  it.each([
    ['all', { kind: 'all' }],
    ['ALL', { kind: 'all' }],
    ['notion', { kind: 'platform', name: 'notion' }],
    ['Airtable', { kind: 'platform', name: 'airtable' }],
    ['skyflow', { kind: 'application', name: 'skyflow' }],
    ['Sky Flow', { kind: 'application', name: 'skyflow' }],
    ['sky flow', { kind: 'application', name: 'skyflow' }],
    ['Twin', { kind: 'application', name: 'twin-1' }],
    ['orders', { kind: 'source', name: 'orders' }],
    ['Skyflow-Tasks', { kind: 'source', name: 'skyflow-tasks' }],
  ])('%s is found', async (word, found) => expect(await target(word)).toEqual(found));

  it("may be an application's id", async () => {
    const { pool } = await database;
    const { rows } = await pool.query(
      `select id::text from appsync.application where slug = 'skyflow'`,
    );
    expect(await target((rows[0] as { id: string }).id)).toEqual({
      kind: 'application',
      name: 'skyflow',
    });
  });

  it.each([
    [
      'skyflw',
      'unknown target "skyflw"',
      'did you mean skyflow? appsync sources list shows what there is',
    ],
    [
      'notoin',
      'unknown target "notoin"',
      'did you mean notion? appsync sources list shows what there is',
    ],
    ['quarterly', 'unknown target "quarterly"', 'appsync sources list shows what there is'],
    ['', 'unknown target ""', 'appsync sources list shows what there is'],
    ['main', 'unknown target "main"', 'appsync sources list shows what there is'],
    [
      'both',
      '"both" is both an application and a source',
      'appsync all --app both, or appsync all --source both',
    ],
    [
      'tWIN',
      '"tWIN" may be any of twin-1, twin-2: say which application',
      '--app twin-1, or --app twin-2',
    ],
  ])('%j is refused', async (word, message, hint) =>
    expect(target(word)).rejects.toMatchObject({ exitCode: 2, message, hint }),
  );

  it('is unknown in an empty catalog, which says how to fill it', async () => {
    const empty = await createTestDatabase();
    await expect(resolveTarget(empty.pool, 'skyflow', RULES.platforms)).rejects.toMatchObject({
      exitCode: 2,
      message: 'unknown target "skyflow": the catalog has no sources',
      hint: 'appsync init',
    });
    expect(await resolveTarget(empty.pool, 'notion', RULES.platforms)).toEqual({
      kind: 'platform',
      name: 'notion',
    });
    await empty.drop();
  });
});

describe('filters', () => {
  it.each<[Filters, Filters]>([
    [{}, {}],
    [
      { only_due: true, app: [] },
      { only_due: true, app: [] },
    ],
    [
      { platform: ['Notion'], app: ['Sky Flow', 'skyflow'] },
      { platform: ['notion'], app: ['skyflow'] },
    ],
    [{ source: ['ORDERS', DATA_SOURCE] }, { source: ['orders', 'skyflow-tasks'] }],
    [
      { source: [DATA_SOURCE.replaceAll('-', ''), 'appX/tblY'] },
      { source: ['skyflow-tasks', 'orders'] },
    ],
    [
      { vault: ['MAIN'], component: ['TASK'] },
      { vault: ['v1'], component: ['task'] },
    ],
    [
      { user: ['Ops'], only_enabled: true },
      { user: ['u2'], only_enabled: true },
    ],
    [{ user: ['ops', 'U2'] }, { user: ['u1', 'u2'] }],
    [{ component: ['artefact', 'Artefact'] }, { component: ['artefact', 'Artefact'] }],
  ])('%j mean %j', async (given, resolved) => expect(await filters(given)).toEqual(resolved));

  it.each<[Filters, string, string]>([
    [{ platform: ['notoin'] }, 'unknown platform "notoin"', 'did you mean notion?'],
    [{ app: ['skyflow', 'skyflo'] }, 'unknown app "skyflo"', 'did you mean skyflow?'],
    [{ source: ['order'] }, 'unknown source "order"', 'did you mean orders?'],
    [{ component: ['artifact'] }, 'unknown component "artifact"', 'did you mean'],
    [{ vault: ['mian'] }, 'unknown vault "mian"', 'did you mean main?'],
    [{ user: ['nobody'] }, 'unknown user "nobody"', 'appsync sources list'],
    [{ user: ['OPS'] }, '"OPS" may be any of u1, u2: say which user', '--user u1, or --user u2'],
    [
      { component: ['ARTEFACT'] },
      '"ARTEFACT" may be any of Artefact, artefact',
      '--component Artefact',
    ],
    [{ app: [`'; drop table appsync.source; --`] }, 'unknown app', 'appsync sources list'],
  ])('%j are refused', async (given, message, hint) =>
    expect(filters(given)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    }),
  );

  it('find, once resolved, what the person meant', async () => {
    const { pool } = await database;
    const resolved = await filters({
      app: ['SKY FLOW'],
      vault: ['Main'],
      user: ['ops'],
      platform: ['NOTION'],
    });
    const found = await findSources(pool, await target('all'), resolved, new Date());
    expect(found.map(({ alias }) => alias)).toEqual(['skyflow-tasks']);
  });
});
